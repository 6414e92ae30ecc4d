/** UTC with microseconds, `2026-03-01T12:00:00.000000Z`: a timestamptz as text that loses nothing. */
export function utcText(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
