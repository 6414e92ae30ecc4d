import { spawnSync } from 'node:child_process';

/** npm run conformance [jest arguments]: what every connector must pass, with its rig. Last line: N passed, N failed. */
const { status, stdout } = spawnSync(
  process.execPath,
  ['tools/test.mjs', '--selectProjects', 'conformance', ...process.argv.slice(2)],
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
);
const lines = stdout.trim().split('\n');
const [, passed, failed, skipped] =
  /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(lines.at(-1) ?? '') ?? [];
process.stdout.write([...lines.slice(0, -1), ''].join('\n'));
if (Number(skipped) > 0) {
  const reason =
    'what a rail does not claim, and the published descriptions where ../shared or Prism is absent';
  process.stdout.write(`${skipped} skipped: ${reason}.\n`);
}
process.stdout.write(`${passed ?? 0} passed, ${failed ?? 1} failed\n`);
process.exit(status ?? 1);
