import type { Sql } from '@gpo/persistence';
import type { PayeeHandles, RailConnector } from './connector.js';
import { gsma } from './gsma/gsma.connector.js';
import { iso20022 } from './iso20022/iso20022.connector.js';
import { paystack } from './paystack/paystack.connector.js';

/** What a connector is made from: the lane's own settings, the URL under which the rail can call back, the lane's payee handles, the record. */
export type ConnectorFactory = (options: {
  laneId: string;
  settings: unknown;
  callbackUrl: string;
  handles: PayeeHandles;
  sql: Sql;
}) => RailConnector;

/** Every connector, one line each. */
export const CONNECTORS: Readonly<Record<string, ConnectorFactory>> = {
  gsma,
  iso20022,
  paystack,
};
