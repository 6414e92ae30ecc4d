import type { RailConnector } from './connector.js';
import { gsma } from './gsma/gsma.connector.js';

/** What a connector is made from: the lane's own settings, and the URL under which the rail can call back. */
export type ConnectorFactory = (options: {
  laneId: string;
  settings: unknown;
  callbackUrl: string;
}) => RailConnector;

/** Every connector, one line each. */
export const CONNECTORS: Readonly<Record<string, ConnectorFactory>> = {
  gsma,
};
