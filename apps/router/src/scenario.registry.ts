import { watch, type FSWatcher } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Poller } from '@gpo/persistence';
import { loadScenarioText, readScenarioTexts, type LoadedScenario } from './scenario.folder.js';
import { RouterMetrics } from './router.metrics.js';

/** A file must look the same twice, this long apart, before it is judged: an editor may still be writing. */
const SETTLE_MS = 200;

export interface RegistryOptions {
  folder: string;
  pollMs: number;
  loaded: readonly LoadedScenario[];
  metrics: RouterMetrics;
  /** Records the versions; a scenario runs only after this resolved, so that every version in a history can be read. */
  record: (loaded: LoadedScenario) => Promise<void>;
}

/** Why the file as it is now does not run. */
export interface Refusal {
  sentence: string;
  since: Date;
}

interface Slot {
  active: LoadedScenario | undefined;
  /** The file's text at the last look; undefined where the file is not there. */
  seen: string | undefined;
  refused?: Refusal & { text: string | undefined };
}

/**
 * The scenarios that run now. A changed file takes the place of the one before in one step and only when it is valid as
 * a whole; otherwise the one before goes on, and log, metric and health say so. Whoever took a scenario before the
 * change finishes with it.
 */
export class ScenarioRegistry {
  private readonly log = new Logger('Rules');
  private readonly slots = new Map<string, Slot>();
  private readonly poller: Poller;
  private watcher: FSWatcher | undefined;

  constructor(private readonly options: RegistryOptions) {
    for (const loaded of options.loaded) {
      this.slots.set(loaded.file, { active: loaded, seen: loaded.text });
      options.metrics.activated(loaded.identity.scenario, undefined, loaded.identity.version);
    }
    this.poller = new Poller({ name: 'rules', idleMs: options.pollMs, work: () => this.look() });
  }

  /** The scenario that reads a topic now. */
  ofTopic(topic: string): LoadedScenario {
    const found = this.active().find(({ scenario }) => scenario.sourceTopic === topic);
    if (found === undefined) throw new Error(`no scenario reads ${topic}`);
    return found;
  }

  active(): LoadedScenario[] {
    return [...this.slots.values()].flatMap(({ active }) => active ?? []);
  }

  /** Files whose present content does not run. */
  refused(): (Refusal & { file: string })[] {
    return [...this.slots].flatMap(([file, { refused }]) =>
      refused === undefined ? [] : [{ file, sentence: refused.sentence, since: refused.since }],
    );
  }

  start(): void {
    try {
      this.watcher = watch(this.options.folder, () => this.poller.wake());
      this.watcher.on('error', (error) =>
        this.log.warn(`the folder is looked at by time only: ${String(error)}`),
      );
    } catch (error) {
      this.log.warn(`the folder is looked at by time only: ${String(error)}`);
    }
    this.poller.start();
  }

  async stop(): Promise<void> {
    this.watcher?.close();
    await this.poller.stop();
  }

  /** @returns true where a file has just changed and must be looked at once more. */
  private async look(): Promise<boolean> {
    const texts = readScenarioTexts(this.options.folder);
    for (const file of texts.keys()) if (!this.slots.has(file)) this.slots.set(file, newSlot());
    let unsettled = false;
    for (const [file, slot] of this.slots) {
      const text = texts.get(file);
      if (text !== slot.seen) {
        slot.seen = text;
        unsettled = true;
      } else if (text === slot.active?.text) this.accept(file, slot);
      else if (slot.refused === undefined || slot.refused.text !== text)
        await this.consider(file, slot, text);
    }
    if (unsettled) await sleep(SETTLE_MS);
    return unsettled;
  }

  /** The file is what runs; an earlier refusal is over. */
  private accept(file: string, slot: Slot): void {
    if (slot.active === undefined) this.slots.delete(file);
    if (slot.refused === undefined) return;
    delete slot.refused;
    this.options.metrics.reloadMended(file);
    this.log.log(`${file} is valid again`);
  }

  private async consider(file: string, slot: Slot, text: string | undefined): Promise<void> {
    const { active } = slot;
    let candidate: LoadedScenario;
    try {
      candidate = this.candidate(file, active, text);
    } catch (error) {
      this.refuse(file, slot, text, error instanceof Error ? error.message : String(error));
      return;
    }
    // A failure here is not the file's: the poller tells it and comes again.
    await this.options.record(candidate);
    const { scenario, version } = candidate.identity;
    slot.active = { ...candidate, activeFrom: new Date() };
    this.accept(file, slot);
    this.options.metrics.activated(scenario, active?.identity, version);
    this.log.log(`${scenario} runs as version ${version} now, from ${file}`);
  }

  private candidate(
    file: string,
    active: LoadedScenario | undefined,
    text: string | undefined,
  ): LoadedScenario {
    if (text === undefined) throw new Error(`${file} was removed: start the router anew to stop running it.`);
    const candidate = loadScenarioText(file, text);
    const { sourceTopic } = candidate.scenario;
    if (active === undefined)
      throw new Error(`${file} is new and reads ${sourceTopic}: start the router anew to run it.`);
    if (sourceTopic !== active.scenario.sourceTopic) {
      throw new Error(
        `${file} reads ${sourceTopic} instead of ${active.scenario.sourceTopic}: ` +
          'what a running router reads does not change, start it anew.',
      );
    }
    const { scenario } = candidate.identity;
    if (this.active().some((other) => other !== active && other.identity.scenario === scenario))
      throw new Error(`${file} calls itself ${scenario}, which another file does too: rename one.`);
    return candidate;
  }

  private refuse(file: string, slot: Slot, text: string | undefined, sentence: string): void {
    const since = new Date();
    slot.refused = { text, sentence, since };
    this.options.metrics.reloadRefused(file);
    const goesOn =
      slot.active === undefined ? 'it does not run' : `version ${slot.active.identity.version} goes on`;
    this.log.error(`rules not taken over, ${goesOn}: ${sentence}`);
  }
}

function newSlot(): Slot {
  return { active: undefined, seen: undefined };
}
