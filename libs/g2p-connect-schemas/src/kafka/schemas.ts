import { targetConstructorToSchema } from 'class-validator-jsonschema';
import {
  FilteredRequestMessage,
  MalformedInputMessage,
  OnHoldMessage,
  RequestMessage,
  ResponseMessage,
  RetryMessage,
} from './request.message.js';

/** JSON Schema of a topic's value, as far as Nussknacker and the router use it. */
export interface TopicJsonSchema {
  $schema: string;
  title: string;
  type: string;
  properties: Record<string, { type?: string; items?: { type?: string } }>;
}

type MessageClass = abstract new () => object;

const MESSAGES: readonly { topic: string; title: string; message: MessageClass }[] = [
  { topic: 'g2p.request', title: 'Request', message: RequestMessage },
  { topic: 'g2p.filtered-requests', title: 'Filtered Request', message: FilteredRequestMessage },
  { topic: 'g2p.malformed-input', title: 'Malformed Input', message: MalformedInputMessage },
  { topic: 'g2p.on-hold', title: 'On Hold', message: OnHoldMessage },
  { topic: 'g2p.response', title: 'Response', message: ResponseMessage },
  { topic: 'g2p.success', title: 'Success', message: ResponseMessage },
  { topic: 'g2p.failure', title: 'Failure', message: ResponseMessage },
  { topic: 'g2p.retry', title: 'Retry', message: RetryMessage },
  { topic: 'g2p.review', title: 'Review', message: ResponseMessage },
];

/**
 * JSON Schema (draft 7) of each topic's value, from the message classes. Permissive on purpose: what a schema refuses,
 * Nussknacker drops without the message, while a rule can send it to Malformed Input.
 */
export function topicSchemas(): Record<string, TopicJsonSchema> {
  return Object.fromEntries(
    MESSAGES.map(({ topic, title, message }) => {
      const properties = targetConstructorToSchema(message).properties as TopicJsonSchema['properties'];
      const schema = {
        $schema: 'http://json-schema.org/draft-07/schema#',
        title,
        type: 'object',
        properties,
      };
      return [topic, schema];
    }),
  );
}
