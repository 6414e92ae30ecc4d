import type { PayeeHandles, RailConnector } from './connector.js';
import { gsma } from './gsma/gsma.connector.js';
import { paystack } from './paystack/paystack.connector.js';

/** What a connector is made from: the lane's own settings, the URL under which the rail can call back, the lane's payee handles. */
export type ConnectorFactory = (options: {
  laneId: string;
  settings: unknown;
  callbackUrl: string;
  handles: PayeeHandles;
}) => RailConnector;

/** Every connector, one line each. */
export const CONNECTORS: Readonly<Record<string, ConnectorFactory>> = {
  gsma,
  paystack,
};
