/** Something to wait for until a test opens it. */
export interface Gate {
  opened: Promise<void>;
  open: () => void;
}

/** Makes a gate that is shut. */
export function makeGate(): Gate {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
