/**
 * `npm run soak -- --minutes 10 --seed 1`: a worker on a real server under random dispatches, hang-ups, crashes, signals,
 * cut connections and server restarts. What must hold is in `invariants.ts`; the first violation ends the soak. The seed
 * decides every action: the same one gives the same list.
 */
import { parseArgs } from 'node:util';
import { findLiveKitServer } from '../support/find-livekit-server.mjs';
import { testGuard } from '../support/worker-program.ts';
import { Soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
  },
});
const minutes = readNumber('--minutes', values.minutes, 0.1, 24 * 60);
const seed = readNumber('--seed', values.seed, 0, 2 ** 32 - 1);
const report = (line: string) => void process.stdout.write(`${line}\n`);
const guard = testGuard();
const { path } = await findLiveKitServer({ guard, report });
report(`soak of ${minutes} minutes, seed ${seed}`);
const soak = new Soak({ minutes, seed, binary: path, report });
try {
  const held = await soak.run();
  process.exitCode = held ? 0 : 1;
  if (!held) {
    report(['the last facts:', ...soak.lastFacts].join('\n'));
    for (const violation of soak.invariants.violations) report(`violated: ${violation}`);
  }
} finally {
  await guard.close();
}
const { started, mostAtOnce, slowestAnswerMs } = soak.invariants;
report(
  `seed ${seed}: ${soak.actions} actions, ${started} jobs, ${mostAtOnce} at once, slowest answer ${Math.round(slowestAnswerMs)} ms, ${soak.invariants.violations.length} violations`,
);

// The callers' native library keeps the process.
process.exit();

function readNumber(name: string, text: string, from: number, to: number): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= from && number <= to) return number;
  throw new Error(`${name} must be a number from ${from} to ${to}, not "${text}".`);
}
