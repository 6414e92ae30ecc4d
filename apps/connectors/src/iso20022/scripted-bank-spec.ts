import type { Answer, ConformanceLane, LaneWish, WordRig } from '../conformance/rig-spec.js';
import type { Absent, Instruction, Outcome } from '../connector.js';
import { booking, notification, report } from './iso20022.bank-spec.js';
import { REASON_CODES } from './iso20022.codes.js';
import { ctx, RigLane } from './iso20022.lane-spec.js';
import { planFile, railIdOf } from './iso20022.mapping.js';
import { config, instruction } from './iso20022.rig-spec.js';
import { writePain001 } from './iso20022.writer.js';
import { MemoryBankFiles } from './memory-bank-files-spec.js';
import { SftpServer } from './sftp-server-spec.js';

const CURRENCIES = ['EUR', 'KES', 'NGN', 'RWF', 'XOF', 'KWD'];
const BOOKED = 'BOOK';

interface Transfer {
  railId: string;
  amount: string;
  currency: string;
}

/** A lane with folders of its own at the bank. */
export interface BankLane extends ConformanceLane {
  rig: RigLane;
  orders: string;
  answers: string;
}

/** A bank behind the SFTP server: collects files, keeps a ledger of what it paid, and says what it was told to say. */
export class ScriptedBank implements WordRig {
  readonly server = new SftpServer();
  /** Every file that the bank collected, as text. */
  readonly collected: string[] = [];
  private readonly lanes: BankLane[] = [];
  private readonly words = new Map<string, string>();
  private answersMade = 0;

  start(): Promise<void> {
    return this.server.start();
  }

  async stop(): Promise<void> {
    for (const { rig } of this.lanes) await rig.connector.close();
    await this.server.stop();
  }

  lane({ maxItems }: LaneWish = {}, files = new MemoryBankFiles()): BankLane {
    const account = `a${this.lanes.length + 1}`;
    const [orders, answers] = [`/in-${account}`, `/out-${account}`];
    for (const folder of [orders, answers]) this.server.folders.add(folder);
    const rig = new RigLane(this.server, files, {
      ...{ ordersFolder: orders, answersFolder: answers, currencies: CURRENCIES },
      ...(maxItems === undefined ? {} : { fileItemsMax: maxItems }),
    });
    const lane = { connector: rig.connector, account, rig, orders, answers };
    this.lanes.push(lane);
    // Who waits for an outcome lets the bank work, and fetches what it said.
    const ask = rig.connector.query.bind(rig.connector);
    rig.connector.query = async (...args): Promise<(Outcome | Absent)[]> => {
      this.work(lane);
      await rig.collect();
      return ask(...args);
    };
    return lane;
  }

  instruction(_ending?: string, change: Partial<Instruction> = {}): Instruction {
    return instruction(change);
  }

  say({ account }: ConformanceLane, word: string): Promise<void> {
    this.words.set(account, word);
    return Promise.resolve();
  }

  async answered(lane: ConformanceLane, item: Instruction): Promise<Answer> {
    const { rig } = this.lanes.find(({ account }) => account === lane.account)!;
    const [outcome] = await lane.connector.query([item], ctx);
    const error = rig.stops[0];
    if (error !== undefined) return { kind: 'thrown', error };
    if (outcome === undefined || outcome.kind === 'absent') throw new Error('an outcome was expected');
    return outcome;
  }

  encode(item: Instruction): string {
    const settings = config({ currencies: CURRENCIES });
    return writePain001(planFile('kit', [item], settings), new Date(0), settings);
  }

  amountOf(body: string, exponent: number): bigint {
    const [, whole = '', fraction = ''] = /<InstdAmt Ccy="[A-Z]{3}">(\d+)(?:\.(\d+))?</.exec(body) ?? [];
    return fraction.length === exponent ? BigInt(whole + fraction) : -1n;
  }

  /** Times that this attempt stands in files that the bank has, collected or not; it has no duplicate check of its own. */
  times({ railId }: Instruction): number {
    const waiting = [...this.server.files].filter(
      ([path]) => path.startsWith('/in-') && path.endsWith('.xml'),
    );
    const texts = [...this.collected, ...waiting.map(([path]) => this.server.text(path))];
    return texts.flatMap(transfersIn).filter((one) => one.railId === railId).length;
  }

  /** Collects the lane's files and answers them: a report, then the bookings; or the one word that it was told to say. */
  work(lane: BankLane): void {
    for (const name of this.server.names(lane.orders).filter((one) => one.endsWith('.xml'))) {
      const text = this.collect(lane, name);
      const transfers = transfersIn(text);
      const word = this.words.get(lane.account);
      if (word === undefined || word === BOOKED) {
        this.answer(lane, notification(...transfers.map((one) => booking(one))));
        continue;
      }
      const status: [string, string?] = isStatus(word) ? [word] : ['RJCT', word];
      const railIds = transfers.map(({ railId }) => railId);
      const messageId = messageIdOf(text);
      this.answer(lane, report({ messageId, items: railIds.map(() => status), railIds }));
    }
  }

  /** Takes a file away, as banks do, without a word. */
  collect({ orders }: BankLane, name: string): string {
    const text = this.server.text(`${orders}/${name}`);
    this.server.files.delete(`${orders}/${name}`);
    this.collected.push(text);
    return text;
  }

  answer({ answers }: BankLane, text: string): void {
    this.answersMade += 1;
    this.server.put(`${answers}/${this.answersMade}.xml`, text);
  }
}

export function messageIdOf(text: string): string {
  return /<MsgId>([^<]*)/.exec(text)?.[1] ?? '';
}

/** A word that no table knows is a reason, and so is `constructor`. */
function isStatus(word: string): boolean {
  return !REASON_CODES.has(word) && /^(AC(TC|CP|WC|SP|SC|CC)|RCVD|PDNG|PART)$/.test(word);
}

function transfersIn(text: string): Transfer[] {
  const found = text.matchAll(/<EndToEndId>([^<]*)<.*?<InstdAmt Ccy="([A-Z]{3})">([^<]*)</g);
  return [...found].map(([, id = '', currency = '', amount = '']) => ({
    railId: railIdOf(id) ?? id,
    currency,
    amount,
  }));
}
