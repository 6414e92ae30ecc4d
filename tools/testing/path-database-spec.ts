import pg from 'pg';

/** What tests do to the database of a running product, from outside. */
export class PathDatabase {
  constructor(readonly url: string) {}

  private get name(): string {
    return new URL(this.url).pathname.slice(1);
  }

  /** Copies all of it, as a dump does. No process may be running on it. */
  backUp(): Promise<void> {
    return this.asAdmin((admin) => this.copy(admin, this.name, `${this.name}_backup`));
  }

  /** Puts the copy in its place. No process may be running on it. */
  restore(): Promise<void> {
    return this.asAdmin(async (admin) => {
      await this.copy(admin, `${this.name}_backup`, this.name);
      await admin.query(`DROP DATABASE ${this.name}_backup WITH (FORCE)`);
    });
  }

  private async copy(admin: pg.Client, from: string, to: string): Promise<void> {
    await admin.query(`DROP DATABASE IF EXISTS ${to} WITH (FORCE)`);
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [from]);
    await admin.query(`CREATE DATABASE ${to} TEMPLATE ${from}`);
  }

  /** Runs `work` while PostgreSQL takes no connection to this database and has cut those that were there. */
  without(work: () => Promise<void>): Promise<void> {
    return this.asAdmin(async (admin) => {
      try {
        await admin.query(`ALTER DATABASE ${this.name} ALLOW_CONNECTIONS false`);
        await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
          this.name,
        ]);
        await work();
      } finally {
        await admin.query(`ALTER DATABASE ${this.name} ALLOW_CONNECTIONS true`);
      }
    });
  }

  private async asAdmin(work: (admin: pg.Client) => Promise<void>): Promise<void> {
    const admin = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL! });
    await admin.connect();
    try {
      await work(admin);
    } finally {
      await admin.end();
    }
  }
}
