import { EventPattern } from '@nestjs/microservices';
import type { Topic } from './topics.js';

/**
 * Marks a method of a Nest controller as the handler of a topic. It gets the records of one fetched batch and
 * returns only after its database transaction committed; the offset follows. A throw brings the batch again, so
 * records that can never be handled go to DeadLetters instead.
 */
export function OnTopic(topic: Topic): MethodDecorator {
  return EventPattern<string>(topic.name);
}
