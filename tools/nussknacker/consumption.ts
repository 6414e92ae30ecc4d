import { AssignerProtocol, type Admin } from 'kafkajs';

/** A consumer group and its topics at one moment. */
interface GroupView {
  stable: boolean;
  members: ReadonlySet<string>;
  /** `topic/partition` that some member holds. */
  assigned: ReadonlySet<string>;
}

interface PartitionView {
  id: string;
  /** Next offset to be read; -1 where none was ever committed. */
  committed: bigint;
  low: bigint;
  high: bigint;
}

export interface Consuming {
  yes: boolean;
  /** What is seen, for a person who waits. */
  seen: string;
}

/**
 * Whether a scenario really consumes: its consumer group (which has the scenario's name) holds every partition, and
 * where messages waited, an offset has moved. The Designer's RUNNING says neither.
 */
export class Consumption {
  private constructor(
    private readonly admin: Admin,
    private readonly group: string,
    private readonly topics: readonly string[],
    /** Members of the run before; they do not count. */
    private readonly before: ReadonlySet<string>,
    private readonly waiting: readonly PartitionView[],
  ) {}

  /**
   * Looks before the deployment. @param restart the running members are about to be replaced.
   * @throws Error of kafkajs where a topic does not exist.
   */
  static async before(
    admin: Admin,
    group: string,
    topics: readonly string[],
    restart: boolean,
  ): Promise<Consumption> {
    const [view, partitions] = [await viewGroup(admin, group), await viewPartitions(admin, group, topics)];
    const waiting = partitions.filter(
      ({ committed, low, high }) => high > (committed > low ? committed : low),
    );
    return new Consumption(admin, group, topics, restart ? view.members : new Set(), waiting);
  }

  async look(): Promise<Consuming> {
    const { stable, members, assigned } = await viewGroup(this.admin, this.group);
    if (!stable || members.size === 0)
      return { yes: false, seen: `nobody is in the consumer group ${this.group}` };
    if ([...members].some((member) => this.before.has(member)))
      return { yes: false, seen: 'the run before still holds the consumer group' };
    const now = await viewPartitions(this.admin, this.group, this.topics);
    const free = now.filter(({ id }) => !assigned.has(id));
    if (free.length > 0)
      return { yes: false, seen: `nobody reads ${free.length} of ${now.length} partitions` };
    const moved = this.waiting.some((then) =>
      now.some(({ id, committed }) => id === then.id && committed > then.committed),
    );
    if (this.waiting.length > 0 && !moved)
      return { yes: false, seen: 'messages wait, and no offset of the consumer group has moved' };
    return { yes: true, seen: `reads ${now.length} partitions of ${this.topics.join(', ')}` };
  }
}

async function viewGroup(admin: Admin, group: string): Promise<GroupView> {
  const { groups } = await admin.describeGroups([group]);
  const [found] = groups;
  const assigned = new Set<string>();
  for (const { memberAssignment } of found?.members ?? []) {
    const decoded =
      memberAssignment.length === 0 ? null : AssignerProtocol.MemberAssignment.decode(memberAssignment);
    for (const [topic, partitions] of Object.entries(decoded?.assignment ?? {}))
      for (const partition of partitions) assigned.add(`${topic}/${partition}`);
  }
  return {
    stable: found?.state === 'Stable',
    members: new Set(found?.members.map(({ memberId }) => memberId)),
    assigned,
  };
}

async function viewPartitions(
  admin: Admin,
  group: string,
  topics: readonly string[],
): Promise<PartitionView[]> {
  const committed = new Map<string, bigint>();
  for (const { topic, partitions } of await admin.fetchOffsets({ groupId: group, topics: [...topics] }))
    for (const { partition, offset } of partitions) committed.set(`${topic}/${partition}`, BigInt(offset));
  const perTopic = await Promise.all(
    topics.map(async (topic) =>
      (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => {
        const id = `${topic}/${partition}`;
        return { id, committed: committed.get(id) ?? -1n, low: BigInt(low), high: BigInt(high) };
      }),
    ),
  );
  return perTopic.flat();
}
