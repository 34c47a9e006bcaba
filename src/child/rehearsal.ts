/** A session that nobody sees: the first one of a process takes longer, and so a caller has the second. */
import type { Room } from '@livekit/rtc-node';
import type { Logger } from 'pino';
import type { LaunchOrder } from '../../machines/messages.ts';
import type { FromJobProcess, SessionLimits } from '../ipc/messages.ts';
import { ChildInspection } from './inspection.ts';
import { JobProcess } from './job-process.ts';
import { JobSession } from './job-session.ts';

const order: LaunchOrder = {
  job: {
    id: '',
    dispatchId: '',
    type: 0,
    agentName: '',
    metadata: '',
    deployment: '',
    attributes: {},
  },
  accept: { name: '', identity: '', metadata: '', attributes: {} },
  url: '',
  token: '',
  workerId: '',
};

/**
 * Runs a session from its start to its end with an agent that does nothing, and resolves with its exit code. It joins no
 * room, and nobody is told of it: not the worker, not the log, not the user's code.
 */
export function rehearse(
  room: Room,
  { limits, logger }: { limits: SessionLimits; logger: Logger },
): Promise<number> {
  return new Promise((onEnd) => {
    const session = new JobSession({
      order,
      credentials: null,
      limits,
      announce: false,
      quickConnect: false,
      agent: { entry: async () => {} },
      proc: new JobProcess(),
      createRoom: () => room,
      dispose: async () => {},
      send: ({ type }: FromJobProcess) => {
        // Else it waits for the worker.
        if (type === 'session.outcome') {
          queueMicrotask(() => session.send({ type: 'link.outcomeReported' }));
        }
        return true;
      },
      logger: logger.child({}, { level: 'silent' }),
      enterJob: () => {},
      inspection: new ChildInspection({ deliver: async () => {} }),
      onEnd,
    });
  });
}
