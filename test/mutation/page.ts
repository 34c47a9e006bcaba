/** What one machine's mutants came to. */
export interface MachineResult {
  name: string;
  tried: number;
  survivors: string[];
}

export function mutantsPage(results: MachineResult[]): string {
  return JSON.stringify(results);
}
