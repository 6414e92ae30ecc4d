import type { Fault, FaultBoard } from '../faults.js';
import { isRecord, type Answer } from '../gsma.message.js';
import type { SubmitResult } from '../provider.service.js';
import { bulkItem, createdData, recipientData, verifyData } from './paystack.answers.js';
import type { PaystackCompletion } from './paystack.completion.js';
import { businessKey, type PaystackLedger, type Transfer } from './paystack.ledger.js';
import {
  good,
  notFound,
  readRecipient,
  readTransfer,
  refusal,
  STATUSES,
  type TransferRequest,
  type TransferStatus,
} from './paystack.message.js';

const STRIKES = 2;
const BULK_MAX = 100;

/** Decides what Paystack does with a request. Everything up to the ledger entry happens in one tick. */
export class PaystackService {
  /** Words that the next transfer of an account is answered with, set by a test. */
  private readonly words = new Map<string, string>();

  constructor(
    private readonly ledger: PaystackLedger,
    private readonly faults: FaultBoard,
    private readonly completion: PaystackCompletion,
  ) {}

  /** The next transfer of this account is refused with this code, or ends in this status. */
  say(account: string, word: string): void {
    this.words.set(account, word);
  }

  async recipient(account: string, body: unknown): Promise<Answer> {
    const request = readRecipient(body);
    if ('status' in request) return request;
    if (this.faults.of(request.account_number) === 'unknown-account')
      return refusal('invalid_account_number');
    let recipient = this.ledger.recipientOf(account, request);
    if (recipient === undefined) {
      const id = this.ledger.next().recipient;
      const code = `RCP_${String(id).padStart(15, '0')}`;
      const at = new Date().toISOString();
      await this.completion.record({ event: 'recipient', account, id, code, at, ...request });
      recipient = this.ledger.recipientOf(account, request);
    }
    if (recipient === undefined)
      return { status: 500, body: { status: false, message: 'The entry is gone.' } };
    return good('Transfer recipient created successfully', recipientData(recipient), 201);
  }

  async transfer(account: string, body: unknown): Promise<SubmitResult> {
    if (!isRecord(body) || body.source !== 'balance') return refusal('missing_params');
    const request = readTransfer(body, body.currency);
    if ('status' in request) return request;
    const refused = this.refusalOf(account, [request]);
    if (refused !== undefined) return refused;
    const word = this.words.get(account);
    this.words.delete(account);
    const forced = STATUSES.find((status) => status === word);
    if (word !== undefined && forced === undefined) return refusal(word);
    const otp = this.ledger.account(account).otp;
    const [transfer] = await this.accept(account, [request], forced ?? (otp ? 'otp' : 'pending'));
    if (transfer === undefined)
      return { status: 500, body: { status: false, message: 'The entry is gone.' } };
    return this.answer([transfer], good('Transfer has been queued', createdData(transfer)));
  }

  async bulk(account: string, body: unknown): Promise<SubmitResult> {
    if (!isRecord(body) || body.source !== 'balance' || !Array.isArray(body.transfers))
      return refusal('missing_params');
    if (body.transfers.length === 0 || body.transfers.length > BULK_MAX) return refusal('missing_params');
    if (this.ledger.account(account).otp) return refusal('otp_required');
    const requests: TransferRequest[] = [];
    for (const item of body.transfers as unknown[]) {
      const request = readTransfer(item, body.currency);
      if ('status' in request) return request;
      requests.push(request);
    }
    const refused = this.refusalOf(account, requests);
    if (refused !== undefined) return refused;
    const transfers = await this.accept(account, requests, 'received');
    return this.answer(transfers, good(`${transfers.length} transfers queued.`, transfers.map(bulkItem)));
  }

  verify(account: string, reference: string): Answer {
    const transfer = this.ledger.account(account).transfers.get(reference);
    return transfer === undefined ? notFound() : good('Transfer retrieved', verifyData(transfer));
  }

  /** The one-time password has been typed. */
  async finalize(account: string, transferCode: unknown): Promise<Answer> {
    const transfers = [...this.ledger.account(account).transfers.values()];
    const transfer = transfers.find(({ code }) => code === transferCode);
    if (transfer?.status !== 'otp') return notFound();
    await this.completion.finish(transfer, undefined);
    return good('Transfer has been queued', verifyData(transfer));
  }

  balance(account: string): Answer {
    const empty = this.faults.outOfFunds(account, undefined);
    const currencies = this.ledger.account(account).balances.keys();
    const data = [...new Set(['NGN', ...currencies])].map((currency) => {
      return { currency, balance: empty ? 0 : Number(this.ledger.balance(account, currency)) };
    });
    return good('Balances retrieved', data);
  }

  /** The whole request is refused because of any one item, as the API does. */
  private refusalOf(account: string, requests: readonly TransferRequest[]): SubmitResult | undefined {
    const { recipients, transfers } = this.ledger.account(account);
    const references = new Set(requests.map(({ reference }) => reference));
    if (references.size < requests.length || requests.some(({ reference }) => transfers.has(reference)))
      return refusal('duplicate_transfer_reference');
    if (requests.some(({ recipient }) => !recipients.has(recipient)))
      return refusal('invalid_transfer_recipient');
    for (const request of requests) {
      const number = recipients.get(request.recipient)?.account_number ?? '';
      const fault = this.faults.of(number);
      if (this.faults.outOfFunds(account, fault)) return refusal('insufficient_balance');
      const refused = fault === undefined ? undefined : this.faultRefusal(account, number, fault, request);
      if (refused !== undefined) return refused;
    }
    const sums = new Map<string, bigint>();
    for (const { currency, amount } of requests)
      sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(amount));
    const short = [...sums].some(([currency, sum]) => this.ledger.balance(account, currency) < sum);
    return short ? refusal('insufficient_balance') : undefined;
  }

  private faultRefusal(
    account: string,
    number: string,
    fault: Fault,
    request: TransferRequest,
  ): SubmitResult | undefined {
    const business = `${account} ${number} ${businessKey(request)}`;
    if (fault === 'rate-limit-twice' && this.faults.strike(business, STRIKES)) return refusal('rate_limited');
    if (fault === 'busy-twice' && this.faults.strike(business, STRIKES))
      return { status: 503, body: { status: false, message: 'Service unavailable' } };
    if (fault === 'drops-before-paying' && this.faults.strike(business, 1)) return 'drop';
    return undefined;
  }

  private async accept(
    account: string,
    requests: readonly TransferRequest[],
    status: TransferStatus,
  ): Promise<Transfer[]> {
    const { recipients, transfers } = this.ledger.account(account);
    const now = Date.now();
    await Promise.all(
      requests.map((request) => {
        const payee = recipients.get(request.recipient)?.account_number ?? '';
        const fault = this.faults.of(payee);
        const id = this.ledger.next().transfer;
        const delayMs = this.completion.delayFor(fault);
        return this.completion.record({
          ...{ event: 'accepted', account, id, payee, ...request },
          code: `TRF_${String(id).padStart(15, '0')}`,
          status: this.first(request, fault, status, delayMs),
          at: new Date(now).toISOString(),
          dueAt: now + delayMs,
        });
      }),
    );
    return requests.map(({ reference }) => transfers.get(reference)).filter((found) => found !== undefined);
  }

  private first(
    request: TransferRequest,
    fault: Fault | undefined,
    status: TransferStatus,
    delayMs: number,
  ): TransferStatus {
    const open = status === 'pending' || status === 'received';
    if (!open) return status;
    if (fault === 'daily-limit-once' && !this.ledger.failedBefore(request)) return 'failed';
    return delayMs === 0 ? 'success' : status;
  }

  private async answer(transfers: readonly Transfer[], answer: Answer): Promise<SubmitResult> {
    const faults = transfers.map((transfer) => this.faults.of(transfer.to.account_number));
    for (const [index, transfer] of transfers.entries()) {
      if (faults[index] === 'early-double-callback') {
        await this.completion.tell(transfer);
        await this.completion.tell(transfer);
      } else this.completion.follow(transfer);
    }
    if (faults.includes('pays-then-silent')) return 'hold';
    if (faults.includes('pays-then-500'))
      return { status: 500, body: { status: false, message: 'Something went wrong' } };
    return answer;
  }
}
