import { currencyExponent, formatAmount } from '@gpo/g2p-connect-schemas';
import { benefitOf } from './bridge.control.js';
import type { Fields } from './bridge.message.js';
import type { StoredEnvelope } from './bridge.repository.js';
import type { EnvelopeCounts } from './bridge.status.js';

/** An envelope as get_disbursement_envelope_status tells it, in the words of the version that opened it. */
export function envelopeStatus(
  envelope: StoredEnvelope,
  { shipped, reconciled, reversed }: EnvelopeCounts,
  isResolved: boolean,
): Fields {
  const { currency_code: currency, benefit } = envelope;
  const [declared, received] = [envelope.total_minor, envelope.received_minor].map((minor) =>
    numberOf(minor, currency),
  );
  const sums =
    benefit === null
      ? { total_disbursement_amount_declared: declared, total_disbursement_amount_received: received }
      : { total_disbursement_quantity_declared: declared, total_disbursement_quantity_received: received };
  return {
    disbursement_envelope_id: envelope.envelope_id,
    ...(benefit === null ? {} : benefitOf(benefit, currency)),
    number_of_beneficiaries_received: envelope.beneficiaries,
    number_of_beneficiaries_declared: envelope.beneficiaries,
    number_of_disbursements_declared: envelope.disbursements,
    number_of_disbursements_received: envelope.received,
    ...sums,
    // Lanes say themselves when an account is empty: they stop, and go on when it is not.
    ...{ funds_available_with_bank: 'FUNDS_AVAILABLE', funds_available_latest_timestamp: null },
    ...{ funds_available_latest_error_code: null, funds_available_attempts: 0 },
    ...{ funds_blocked_with_bank: 'FUNDS_BLOCK_SUCCESS', funds_blocked_latest_timestamp: null },
    ...{
      funds_blocked_latest_error_code: null,
      funds_blocked_attempts: 0,
      funds_blocked_reference_number: '',
    },
    id_mapper_resolution_required: isResolved,
    number_of_disbursements_shipped: shipped,
    number_of_disbursements_reconciled: reconciled,
    number_of_disbursements_reversed: reversed,
  };
}

/** Only told: clients of this API read amounts as JSON numbers. */
function numberOf(minor: string, currency: string): number {
  return Number(formatAmount(BigInt(minor), currencyExponent(currency) ?? 0));
}
