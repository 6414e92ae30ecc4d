import { Body, Controller, HttpCode, Post, ServiceUnavailableException } from '@nestjs/common';
import { CallbackSender } from '../callback.sender.js';
import { isRecord } from '../gsma.message.js';
import { IdBook } from './id-book.js';

const PROVIDER = 'mpesa';

/**
 * An ID mapper in the three shapes that are deployed: G2P Connect resolve, synchronous and asynchronous (SPAR 1.x), and
 * that of SPAR 2. "Not found" is told as they tell it: status succ, and no fa.
 */
@Controller()
export class MapperController {
  constructor(
    private readonly book: IdBook,
    private readonly callbacks: CallbackSender,
  ) {}

  @Post('mapper/sync/resolve')
  @HttpCode(200)
  resolve(@Body() body: unknown): object {
    this.failAtTimes();
    return this.answer(body);
  }

  /** Answers by a request to header.sender_uri + /on-resolve. */
  @Post('mapper/resolve')
  @HttpCode(200)
  resolveLater(@Body() body: unknown): object {
    this.failAtTimes();
    const { sender_uri: uri } = part(body, 'header');
    if (typeof uri === 'string')
      void this.callbacks.deliver('on-resolve', () => ({
        method: 'POST',
        url: `${uri}/on-resolve`,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(this.answer(body)),
      }));
    return { message: { ack_status: 'ACK', timestamp: new Date().toISOString() } };
  }

  @Post('spar/mapper/resolve')
  @HttpCode(200)
  resolveSpar2(@Body() body: unknown): object {
    this.failAtTimes();
    const { request_id } = part(body, 'request_header');
    const payload = part(part(body, 'request_body'), 'request_payload');
    const response = requestsOf(payload).map(({ reference_id, id }) => {
      const number = this.book.numberOf(String(id));
      const fa = {
        strategy_id: 2,
        fa_type: 'MOBILE_WALLET',
        wallet_provider_name: 'M-PESA',
        wallet_provider_code: PROVIDER,
        mobile_number: number,
      };
      return { ...said(reference_id, id, number), fa: number === undefined ? null : fa };
    });
    return {
      response_header: {
        request_id,
        response_status: 'SUCCESS',
        response_error_code: null,
        response_error_message: null,
        response_timestamp: new Date().toISOString(),
      },
      response_body: {
        response_payload: { transaction_id: payload.transaction_id, resolve_response: response },
      },
    };
  }

  private failAtTimes(): void {
    if (this.book.fails()) throw new ServiceUnavailableException('The mapper is busy.');
  }

  private answer(body: unknown): object {
    const message = part(body, 'message');
    const response = requestsOf(message).map(({ reference_id, id }) => {
      const number = this.book.numberOf(String(id));
      const address = number === undefined ? {} : { fa: `phone:${number}@${PROVIDER}` };
      return { ...said(reference_id, id, number), ...address };
    });
    return {
      signature: '',
      header: { ...part(body, 'header'), action: 'on-search', status: 'succ' },
      message: { transaction_id: message.transaction_id, resolve_response: response },
    };
  }
}

function said(reference: unknown, id: unknown, number: string | undefined): object {
  return {
    reference_id: reference,
    timestamp: new Date().toISOString(),
    id,
    status: 'succ',
    status_reason_code: number === undefined ? 'succ.id.not_found' : 'succ.fa.active',
  };
}

function requestsOf(message: Record<string, unknown>): Record<string, unknown>[] {
  const list = message.resolve_request;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function part(value: unknown, name: string): Record<string, unknown> {
  const inner = isRecord(value) ? value[name] : undefined;
  return isRecord(inner) ? inner : {};
}
