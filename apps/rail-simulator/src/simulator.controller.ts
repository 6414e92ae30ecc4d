import { BadRequestException, Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { FaultBoard, PROVIDER_FAULTS, type ProviderFault } from './faults.js';
import { transactionBody } from './gsma.answers.js';
import { isRecord } from './gsma.message.js';
import { Ledger, type Summary } from './ledger.js';

/** What tests and the launcher ask of the simulator itself; no provider has these. */
@Controller('simulator')
export class SimulatorController {
  constructor(
    private readonly ledger: Ledger,
    private readonly faults: FaultBoard,
  ) {}

  /** Executed payments and payments beyond the first per disbursement, over all providers and since the journal began. */
  @Get('journal/summary')
  summary(): Summary {
    return this.ledger.summary();
  }

  /** Every payment of one disbursement, oldest first. */
  @Get('journal')
  journal(@Query('disbursement_id') disbursementId?: string): { payments: object[] } {
    if (disbursementId === undefined) throw new BadRequestException('disbursement_id is missing.');
    const payments = this.ledger.ofDisbursement(disbursementId).map((payment) => ({
      provider: payment.provider,
      correlationId: payment.correlationId,
      ...transactionBody(payment),
    }));
    return { payments };
  }

  /** Balance per currency in minor units; a currency appears with its first payment. */
  @Get('balance/:provider')
  balance(@Param('provider') provider: string): { provider: string; balance_minor: Record<string, string> } {
    const balances = [...this.ledger.balancesOf(provider)].map(([currency, minor]) => [
      currency,
      minor.toString(),
    ]);
    return { provider, balance_minor: Object.fromEntries(balances) as Record<string, string> };
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

function isProviderFault(value: unknown): value is ProviderFault {
  return PROVIDER_FAULTS.some((kind) => kind === value);
}
