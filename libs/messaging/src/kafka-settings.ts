/** Where Kafka is and how this process names itself. */
export interface KafkaSettings {
  brokers: string[];
  /** Put before every topic and consumer group; '' normally. */
  topicPrefix: string;
  clientId: string;
}
