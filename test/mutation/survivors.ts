/** Why no quick test notices that something is missing: the mutants that are left, by their names. */
export const survivors: Record<string, string> = {
  'registration.online.registering on socket.closed → #registration.deciding: the transition':
    'Equivalent: `online` does the same; it stands here for the picture.',
  'worker on job.phaseChanged: action capacityChanged':
    'The phase changes what reserved slots will cost; the next sample of the load tells it 2.5 s later.',
  'worker on xstate.error.actor.registration.* → .draining: action noteBug':
    'No fake brings a registration to fail; the paths on real actors do, but compare states only.',
  'worker.draining on xstate.error.actor.registration.*: action noteBug':
    'No fake brings a registration to fail; the paths on real actors do, but compare states only.',
  'worker.closing on xstate.error.actor.registration.*: the transition':
    'No fake brings a registration to fail; the paths on real actors do, and notice.',
  'worker.closing on xstate.error.actor.job.*: the transition':
    'No fake brings a job to fail while it closes; the paths on real actors do, and notice.',
  'worker.draining after drainTimeout [hasDrainTimeout] → closing: the guard':
    'Without a time limit the timer is set to 24.8 days, the longest there is.',
  'processPool on xstate.error.actor.process.*: action forgetLater':
    'A bug would count as a failure for longer than a minute.',
  'processPool.failing on process.warmupFailed: the transition':
    'Nearly equivalent: the pool would count the failure again, and forget it again.',
  'processPool.proving on process.warmupFailed: action forgetLater':
    'The first process that gets warm makes all failures forgotten.',
  'processPool.proving on process.warmupFailed: the transition':
    'Equivalent: the pool itself does the same; it stands here beside the fatal one.',
  'sessionClose.closing.ending.settlingEntry entry: action begin':
    'Equivalent: `entry` is the step that a close is made with.',
};
