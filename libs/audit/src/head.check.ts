import type { Sql } from '@gpo/persistence';
import type { Finding, Head } from './chain.js';

export interface HeadCheck {
  /** Heads that were compared. */
  heads: number;
  findings: Finding[];
}

/**
 * Compares heads that were written down elsewhere with the links as they are stored. Together with verifyChain, which shows
 * that every stored link fits its rows, it shows a chain that was recomputed after a change, and one that was cut with its head.
 * Reads them as they come, so that there may be any number.
 */
export async function checkHeads(sql: Sql, published: AsyncIterable<readonly Head[]>): Promise<HeadCheck> {
  let heads = 0;
  /** Per chain: the last published link that fits, and the first that does not, with what the database says of it. */
  const fits = new Map<number, number>();
  const strange = new Map<number, { link: number; gone: boolean }>();
  for await (const some of published) {
    heads += some.length;
    const rows = await sql.query<{ chain: number; link: string; same: boolean | null }[]>(
      `SELECT u.chain, u.link::text AS link, l.hash = u.hash AS same
         FROM unnest($1::smallint[], $2::bigint[], $3::bytea[]) AS u (chain, link, hash)
         LEFT JOIN LATERAL (SELECT hash FROM audit_link l WHERE l.chain = u.chain AND l.link = u.link OFFSET 0) l ON true`,
      [some.map(({ chain }) => chain), some.map(({ link }) => link), some.map(({ hash }) => hash)],
    );
    for (const { chain, link: text, same } of rows) {
      const link = Number(text);
      if (same === true) fits.set(chain, Math.max(link, fits.get(chain) ?? 0));
      else if (link < (strange.get(chain)?.link ?? Infinity))
        strange.set(chain, { link, gone: same === null });
    }
  }
  const findings = [...strange]
    .sort(([one], [other]) => one - other)
    .map(([chain, { link, gone }]): Finding => {
      if (gone) return { kind: 'tail-missing', chain, link };
      return { kind: 'recomputed', chain, link, after: fits.get(chain) ?? 0 };
    });
  return { heads, findings };
}
