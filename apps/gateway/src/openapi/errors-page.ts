/** What of a page of ours is a heading, a row of a table or a paragraph. */
const HEADING = /^(#{1,3}) (.*)$/;
const ROW = /^\|(.*)\|$/;
const RULE = /^\|(?: ?-+ ?\|)+$/;
const CODE = /(?:<code>|`)?((?:(?:err|record|rule|lane|callback)\.|rjct[._])[a-z_.]+)(?:<\/code>|`)?/g;

/**
 * docs/errors.md as a page. Each code in the first cell of a row gets an anchor of its name, which is where the `Link`
 * header of a refusal leads.
 */
export function errorsPage(markdown: string): string {
  const parts: string[] = [];
  const anchors = new Set<string>();
  let inTable = false;
  for (const line of markdown.split('\n')) {
    const cells = RULE.test(line) ? undefined : ROW.exec(line)?.[1];
    if (inTable && !line.startsWith('|')) {
      parts.push('</tbody></table>');
      inTable = false;
    }
    if (cells !== undefined) {
      if (inTable) parts.push(row(cells, anchors));
      else parts.push(`<table><thead>${row(cells)}</thead><tbody>`);
      inTable = true;
    } else if (!line.startsWith('|')) parts.push(block(line));
  }
  if (inTable) parts.push('</tbody></table>');
  return `${HEAD}${parts.filter((part) => part !== '').join('\n')}\n</body></html>\n`;
}

const HEAD =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Errors</title><style>' +
  'body{font:16px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}' +
  'table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.4rem;text-align:left;vertical-align:top}' +
  ':target{background:#ff9}</style></head><body>\n';

function block(line: string): string {
  const heading = HEADING.exec(line);
  if (heading !== null) return `<h${heading[1]!.length}>${inline(heading[2]!)}</h${heading[1]!.length}>`;
  return line === '' ? '' : `<p>${inline(line)}</p>`;
}

/** @param anchors codes that have their place already; absent for the names of the columns. */
function row(cells: string, anchors?: Set<string>): string {
  const [first = '', ...rest] = cells.split('|').map((cell) => cell.trim());
  const tag = anchors === undefined ? 'th' : 'td';
  const named = anchors === undefined ? inline(first) : anchored(inline(first), anchors);
  return `<tr>${[named, ...rest.map(inline)].map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
}

function anchored(cell: string, anchors: Set<string>): string {
  return cell.replace(CODE, (_match, code: string) => {
    const id = anchors.has(code) ? '' : ` id="${code}"`;
    anchors.add(code);
    return `<code${id}>${code}</code>`;
  });
}

function inline(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/`([^`]*)`/g, '<code>$1</code>')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
}

/** Every code that docs/errors.md explains in a row of its own. */
export function explainedCodes(markdown: string): string[] {
  return markdown.split('\n').flatMap((line) => {
    const first = ROW.exec(line)?.[1]?.split('|')[0] ?? '';
    return [...first.matchAll(CODE)].map(([, code]) => code!);
  });
}
