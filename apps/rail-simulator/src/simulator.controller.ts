import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { BankLedger } from './bank/bank.ledger.js';
import { FaultBoard, PROVIDER_FAULTS, type ProviderFault } from './faults.js';
import { transactionBody } from './gsma.answers.js';
import { isRecord } from './gsma.message.js';
import { Ledger, type Summary } from './ledger.js';
import { verifyData } from './paystack/paystack.answers.js';
import { PaystackLedger } from './paystack/paystack.ledger.js';
import { PaystackService } from './paystack/paystack.service.js';
import { ProviderService } from './provider.service.js';

/** What tests and the launcher ask of the simulator itself; no provider has these. */
@Controller('simulator')
export class SimulatorController {
  constructor(
    private readonly ledger: Ledger,
    private readonly faults: FaultBoard,
    private readonly paystackLedger: PaystackLedger,
    private readonly paystack: PaystackService,
    private readonly gsma: ProviderService,
    private readonly bank: BankLedger,
  ) {}

  /** Executed payments and payments beyond the first per disbursement, over all rails and since the journals began. */
  @Get('journal/summary')
  summary(): Summary {
    const books = [this.ledger.summary(), this.paystackLedger.summary(), this.bank.summary()];
    const sum = (of: (book: Summary) => number): number => books.reduce((total, book) => total + of(book), 0);
    return {
      payments: sum(({ payments }) => payments),
      pending: sum(({ pending }) => pending),
      reversed: sum(({ reversed }) => reversed),
      // Noticed over all books together.
      double_payments: books[0]!.double_payments,
      amount_minor: sumsOf(books.map(({ amount_minor }) => amount_minor)),
      reversed_minor: sumsOf(books.map(({ reversed_minor }) => reversed_minor)),
    };
  }

  /** Every payment of one disbursement, oldest first. */
  @Get('journal')
  journal(@Query('disbursement_id') disbursementId?: string): { payments: object[] } {
    if (disbursementId === undefined) throw new BadRequestException('disbursement_id is missing.');
    const gsma = this.ledger.ofDisbursement(disbursementId).map((payment) => ({
      provider: payment.provider,
      correlationId: payment.correlationId,
      ...transactionBody(payment),
    }));
    const paystack = this.paystackLedger.ofDisbursement(disbursementId).map((transfer) => ({
      provider: transfer.account,
      ...verifyData(transfer),
    }));
    const bank = this.bank.ofDisbursement(disbursementId).map((item) => ({
      provider: item.account,
      end_to_end_id: item.endToEndId,
      amount: item.amount,
      currency: item.group.currency,
      state: item.state,
    }));
    return { payments: [...gsma, ...paystack, ...bank] };
  }

  /** Balance per currency in minor units; a currency appears with its first payment. */
  @Get('balance/:provider')
  balance(@Param('provider') provider: string): { provider: string; balance_minor: Record<string, string> } {
    const all = [
      ...this.ledger.balancesOf(provider),
      ...this.paystackLedger.account(provider).balances,
      ...this.bank.balancesOf(provider),
    ];
    const balances = all.map(([currency, minor]) => [currency, minor.toString()]);
    return { provider, balance_minor: Object.fromEntries(balances) as Record<string, string> };
  }

  /** Everything that the bank booked for a customer in one currency, as a camt.053. */
  @Get('bank/:customer/statement')
  @Header('Content-Type', 'application/xml')
  statement(@Param('customer') customer: string, @Query('currency') currency = 'KES'): string {
    return this.bank.statement(customer, currency, new Date().toISOString());
  }

  /** `{provider, kind, count}`: the next count requests to the provider meet the fault; count 0 heals it. */
  @Post('faults')
  @HttpCode(200)
  arm(@Body() body: unknown): { armed: boolean } {
    const { provider, kind, count } = isRecord(body) ? body : {};
    if (typeof provider !== 'string' || !isProviderFault(kind)) {
      throw new BadRequestException(`provider and kind (${PROVIDER_FAULTS.join(', ')}) are needed.`);
    }
    const times = count === undefined ? Infinity : Number(count);
    if (!(times >= 0)) throw new BadRequestException('count must be a number from 0.');
    this.faults.arm(provider, kind, times);
    return { armed: times > 0 };
  }

  /** `{provider, category, code, times}`: the next submits to a GSMA provider are refused with this error. */
  @Post('gsma/word')
  @HttpCode(200)
  gsmaWord(@Body() body: unknown): { code: string } {
    const { provider, category, code, times = 1 } = isRecord(body) ? body : {};
    if (typeof provider !== 'string' || typeof category !== 'string' || typeof code !== 'string')
      throw new BadRequestException('provider, category and code (texts) are needed.');
    this.gsma.say(provider, category, code, Number(times));
    return { code };
  }

  /** `{account, word}`: the next single transfer of a Paystack account is refused with this code, or has this status. */
  @Post('paystack/word')
  @HttpCode(200)
  word(@Body() body: unknown): { word: string } {
    const { account, word } = isRecord(body) ? body : {};
    if (typeof account !== 'string' || typeof word !== 'string')
      throw new BadRequestException('account and word (texts) are needed.');
    this.paystack.say(account, word);
    return { word };
  }

  /** `{provider, ok}`: ends (or starts) the payer's lack of funds. */
  @Post('faults/funds')
  @HttpCode(200)
  funds(@Body() body: unknown): { ok: boolean } {
    const { provider, ok } = isRecord(body) ? body : {};
    if (typeof provider !== 'string' || typeof ok !== 'boolean') {
      throw new BadRequestException('provider (text) and ok (true or false) are needed.');
    }
    this.faults.setFunds(provider, ok);
    return { ok };
  }
}

/** Sums per currency, over all books. */
function sumsOf(books: readonly Record<string, string>[]): Record<string, string> {
  const currencies = [...new Set(books.flatMap((book) => Object.keys(book)))];
  const total = (code: string): bigint => books.reduce((sum, book) => sum + BigInt(book[code] ?? 0), 0n);
  return Object.fromEntries(currencies.map((code) => [code, String(total(code))]));
}

function isProviderFault(value: unknown): value is ProviderFault {
  return PROVIDER_FAULTS.some((kind) => kind === value);
}
