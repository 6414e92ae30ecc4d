import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';

const folder = mkdtempSync(join(tmpdir(), 'gpo-docker-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the start script of the Designer', () => {
  const file = join(folder, 'users.conf');

  function start(env: Record<string, string>): { status: number | null; stdout: string; stderr: string } {
    return spawnSync('sh', ['nussknacker/designer/start.sh', file], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, AUTHENTICATION_USERS_FILE: file, NUSSKNACKER_ENTRYPOINT: 'cat', ...env },
    });
  }

  it('writes one administrator from the environment, readable by nobody else, and goes on to Nussknacker', () => {
    const { status, stdout } = start({ NUSSKNACKER_USER: 'ana', NUSSKNACKER_PASSWORD: "a b$c'd`e" });
    expect(status).toBe(0);
    expect(stdout).toBe(
      'users: [{ identity: "ana", password: "a b$c\'d`e", roles: ["Admin"] }]\nrules: [{ role: "Admin", isAdmin: true }]\n',
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('does not start without a password, nor with one that would break out of the file', () => {
    const without = start({ NUSSKNACKER_USER: 'ana', NUSSKNACKER_PASSWORD: '' });
    expect([without.status === 0, without.stderr]).toEqual([
      false,
      expect.stringMatching(/Set NUSSKNACKER_PASSWORD/),
    ]);
    const quoted = start({
      NUSSKNACKER_USER: 'ana',
      NUSSKNACKER_PASSWORD: 'x", roles: ["Admin"] }, { identity: "eve',
    });
    expect([quoted.status, quoted.stderr]).toEqual([64, expect.stringMatching(/double quote/)]);
  });
});

describe('the health check of the images', () => {
  it.each([
    [200, 0],
    [503, 1],
  ])('an answer of %i ends it with %i', async (status, code) => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = String((server.address() as AddressInfo).port);
    const check = spawn(process.execPath, ['docker/healthy.mjs', port]);
    expect(await new Promise((resolve) => check.once('exit', resolve))).toBe(code);
    expect(asked).toEqual(['/health/ready']);
    server.closeAllConnections();
    server.close();
  });

  it('nobody listening ends it with 1', () => {
    expect(spawnSync(process.execPath, ['docker/healthy.mjs', '1']).status).toBe(1);
  });
});
