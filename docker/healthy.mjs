/** Health check of an image: exit 0 where http://127.0.0.1:PORT/health/ready answers 200. */
const answer = await fetch(`http://127.0.0.1:${process.argv[2]}/health/ready`, { signal: AbortSignal.timeout(4000) });
process.exit(answer.status === 200 ? 0 : 1);
