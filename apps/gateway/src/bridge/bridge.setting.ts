import { RESOLVE_WORDS, type MapperSetting } from '../mapper/mapper.setting.js';
import type { Sender } from '../senders/sender.js';
import type { StoredEnvelope } from './bridge.repository.js';

/** How a sender that speaks the G2P Bridge API is served; part of the senders file (docs/openg2p.md). */
export interface BridgeSetting {
  /** What a rejection carries: "bridge-safe", the default, nothing that a deployed client takes for success; "bridge-compat" what the original carries. */
  profile?: BridgeProfile;
  /** An envelope whose day is past: "refuse", the default, or "now": paid at once. Odoo's client names the first day of the cycle. */
  past_schedule?: 'refuse' | 'now';
  /** Programmes by their mnemonic; where it is absent, every name is taken. */
  programmes?: Readonly<Record<string, ProgrammeSetting>>;
  /** The lane whose statements it may upload; absent = it may upload none. */
  statement_lane?: string;
}

export interface ProgrammeSetting {
  /** The account that pays; absent = the sender's default_payer_fa. */
  payer_fa?: string;
  /** Which payees the sender's mapper resolves; absent = as its mapper.resolve says. See docs/mapper.md. */
  resolve?: 'never' | MapperSetting['resolve'];
}

/** The sender as this envelope's programme has it: with the programme's word on the mapper. */
export function payerOf(sender: Sender, { programme }: Pick<StoredEnvelope, 'programme'>): Sender {
  const resolve = sender.bridge?.programmes?.[programme]?.resolve;
  const { mapper, ...rest } = sender;
  if (mapper === undefined || resolve === undefined) return sender;
  return resolve === 'never' ? rest : { ...rest, mapper: { ...mapper, resolve } };
}

export const BRIDGE_PROFILES = ['bridge-safe', 'bridge-compat'] as const;
export type BridgeProfile = (typeof BRIDGE_PROFILES)[number];

/** @throws Error with one sentence that names the sender. */
export function checkBridge(
  id: string,
  { bridge, mapper }: Pick<Sender, 'bridge' | 'mapper'>,
  mayPay: (payerFa: string) => boolean,
): void {
  if (bridge === undefined) return;
  const { profile = 'bridge-safe', past_schedule: past = 'refuse', programmes = {} } = bridge;
  if (!BRIDGE_PROFILES.includes(profile))
    throw new Error(`The sender "${id}" needs bridge.profile "bridge-safe" or "bridge-compat".`);
  if (!['refuse', 'now'].includes(past))
    throw new Error(`The sender "${id}" needs bridge.past_schedule "refuse" or "now".`);
  for (const [name, { payer_fa: payer, resolve }] of Object.entries(programmes)) {
    if (payer !== undefined && !mayPay(payer))
      throw new Error(`The sender "${id}" may not pay from the account of its programme "${name}".`);
    if (resolve === undefined || resolve === 'never') continue;
    if (!RESOLVE_WORDS.includes(resolve) || mapper === undefined)
      throw new Error(
        `The programme "${name}" of the sender "${id}" needs resolve "never", "when-id" or "always", and a mapper.`,
      );
  }
}
