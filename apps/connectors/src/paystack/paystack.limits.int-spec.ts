import { behindProxy, limitsPart } from '../conformance/limits.part-spec.js';
import { PaystackRig } from './paystack.rig-spec.js';

limitsPart('paystack', {
  payee: { scheme: 'account_no', id: '0123450001', provider: 'BANKNGLA' },
  currency: 'NGN',
  most: 10,
  start: () => {
    const rig = new PaystackRig();
    return behindProxy(
      rig,
      (base) => rig.lane({ bulkMax: 10, requestTimeoutMs: 10_000 }, base).connector,
      (path, body) => {
        if (path.endsWith('/transfer')) return 1;
        if (!path.endsWith('/transfer/bulk')) return 0;
        return (JSON.parse(body) as { transfers: unknown[] }).transfers.length;
      },
    );
  },
});
