import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Writes disburse requests to Kafka and waits for the fate of each one.
 *
 *   KAFKA_BROKERS=127.0.0.1:3006 java -cp 'FOLDER_WITH_KAFKA_CLIENTS/*' DisburseDirect.java requests.jsonl
 *
 * One JSON line for each request's final word; exit code 0 when every request has one.
 * KAFKA_CLIENT_PROPERTIES names a file with the security settings of your cluster, OUTCOME_GROUP the consumer group.
 */
public class DisburseDirect {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PREFIX = env("KAFKA_TOPIC_PREFIX", "");
  private static final String REQUEST = PREFIX + "g2p.request";
  private static final List<String> OUTCOMES =
      List.of(PREFIX + "g2p.success", PREFIX + "g2p.failure", PREFIX + "g2p.malformed-input");

  public static void main(String[] arguments) throws Exception {
    List<JsonNode> requests = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of(arguments[0]))) if (!line.isBlank()) requests.add(JSON.readTree(line));
    send(requests);
    Set<String> open = new HashSet<>();
    for (JsonNode request : requests) open.add(nameOf(request));
    awaitOutcomes(open);
    if (!open.isEmpty()) System.err.println("No final word yet for " + open);
    System.exit(open.isEmpty() ? 0 : 1);
  }

  /** Returns when the cluster has every request; a failure is thrown, and then all may be sent again: ids make it safe. */
  private static void send(List<JsonNode> requests) throws Exception {
    Properties settings = settings();
    settings.put("acks", "all");
    settings.put("enable.idempotence", "true");
    try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (JsonNode request : requests) {
        // The same reference always has the same key, so that a repeat stays behind the first.
        String key = request.get("reference_id").asText();
        sent.add(producer.send(new ProducerRecord<>(REQUEST, key, JSON.writeValueAsString(request))));
      }
      for (Future<RecordMetadata> one : sent) one.get();
    }
  }

  private static void awaitOutcomes(Set<String> open) throws Exception {
    Properties settings = settings();
    settings.put("group.id", PREFIX + env("OUTCOME_GROUP", "ministry-outcomes"));
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", "false");
    long end = System.currentTimeMillis() + 1000 * Long.parseLong(env("WAIT_SECONDS", "600"));
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(OUTCOMES);
      while (!open.isEmpty() && System.currentTimeMillis() < end) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500))) {
          JsonNode outcome = JSON.readTree(record.value());
          // A record may come twice; only the first word of each kind is news.
          if (open.remove(nameOf(outcome))) tell(record.topic().substring(PREFIX.length()), outcome);
        }
        // Here a real system stores what it learnt, and only then moves on.
        consumer.commitSync();
      }
    }
  }

  private static void tell(String topic, JsonNode outcome) throws Exception {
    var line = JSON.createObjectNode();
    line.put("reference_id", outcome.path("reference_id").asText()).put("topic", topic);
    for (String field : List.of("outcome", "reason", "errors", "rail_reference"))
      if (outcome.has(field)) line.set(field, outcome.get(field));
    System.out.println(JSON.writeValueAsString(line));
  }

  private static String nameOf(JsonNode message) {
    return message.path("sender_id").asText() + "|" + message.path("transaction_id").asText() + "|"
        + message.path("reference_id").asText();
  }

  private static Properties settings() throws Exception {
    Properties settings = new Properties();
    String file = env("KAFKA_CLIENT_PROPERTIES", "");
    if (!file.isEmpty()) try (var reader = Files.newBufferedReader(Path.of(file))) { settings.load(reader); }
    settings.put("bootstrap.servers", env("KAFKA_BROKERS", "127.0.0.1:3006"));
    return settings;
  }

  private static String env(String name, String otherwise) {
    String value = System.getenv(name);
    return value == null ? otherwise : value;
  }
}
