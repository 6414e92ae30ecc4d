import { behindProxy, limitsPart } from '../conformance/limits.part-spec.js';
import { GsmaRig } from './gsma.rig-spec.js';

limitsPart('gsma', {
  payee: { scheme: 'phone', id: '+254711223344', provider: 'mpesa' },
  currency: 'KES',
  most: 1,
  start: () => {
    const rig = new GsmaRig();
    return behindProxy(
      rig,
      (base) => rig.lane({ baseUrl: `${base}/gsma/limits`, requestTimeoutMs: 10_000 }).connector,
      (path) => (path.endsWith('/transactions/type/disbursement') ? 1 : 0),
    );
  },
});
