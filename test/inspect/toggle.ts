import { setup } from 'xstate';

/** A small machine to be watched. */
export const toggle = setup({
  types: {
    context: {} as { text: string },
    input: {} as { text: string } | undefined,
    events: {} as { type: 'toggle' },
  },
}).createMachine({
  id: 'toggle',
  context: ({ input }) => ({ text: input?.text ?? '' }),
  initial: 'off',
  states: { off: { on: { toggle: 'on' } }, on: { on: { toggle: 'off' } } },
});
