/** Parts of a multipart/form-data body by name. @throws Error where it is none. */
export function readMultipart(contentType: string, body: string): Map<string, string> {
  const [, boundary] = /^multipart\/form-data;\s*boundary=([^;]+)$/.exec(contentType) ?? [];
  if (boundary === undefined) throw new Error(`the content type ${contentType} is not multipart/form-data`);
  const pieces = body.split(`--${boundary}`);
  if (pieces.length < 3 || !pieces.at(-1)!.startsWith('--'))
    throw new Error('the multipart body is not complete');
  return new Map(pieces.slice(1, -1).map(readPart));
}

function readPart(piece: string): [string, string] {
  const end = piece.indexOf('\r\n\r\n');
  const [, name] = /content-disposition:\s*form-data;\s*name="([^"]+)"/i.exec(piece.slice(0, end)) ?? [];
  if (end < 0 || name === undefined) throw new Error('a part has no name');
  return [name, piece.slice(end + 4).replace(/\r\n$/, '')];
}
