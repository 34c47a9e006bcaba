/** The table of the fault cases: for the terminal, and as the page `docs/reference/faults.md`. */

/** The headings of the table, in its order. */
const faultSections = /** @type {const} */ ([
  'Capacity',
  'Jobs that go wrong',
  'Processes',
  'Worker dies',
  'Signals',
  'Server and network',
  'Drain and close',
  'Security',
]);

/** @typedef {(typeof faultSections)[number]} FaultSection */

/**
 * What is known of a case before it runs.
 * @typedef {object} FaultCase
 * @property {FaultSection} section
 * @property {string} name
 * @property {number} withinMs The documented bound.
 */

/**
 * A case that ran.
 * @typedef {FaultCase & { outcome: string, tookMs: number | null, passed: boolean }} FaultRow
 */

/**
 * The table for a terminal, with a last line that counts.
 * @param {readonly FaultRow[]} rows
 * @returns {string}
 */
export function terminalTable(rows) {
  const nameWidth = width(rows.map(({ name }) => name));
  const outcomeWidth = width(rows.map(({ outcome }) => outcome));
  const lines = grouped(rows).flatMap(([section, own]) => [
    '',
    section,
    ...own.map((row) => {
      const facts = [
        row.passed ? '✓' : '✗',
        row.name.padEnd(nameWidth),
        row.outcome.padEnd(outcomeWidth),
        (row.tookMs === null ? '–' : `${(row.tookMs / 1000).toFixed(2)} s`).padStart(8),
        `of ${bound(row)}`,
      ];
      return `  ${facts.join('  ')}`;
    }),
  ]);
  const failed = rows.filter(({ passed }) => !passed).length;
  return [...lines, '', `cases: ${rows.length - failed} passed, ${failed} failed`].join('\n');
}

/**
 * The page of the documentation.
 * @param {readonly FaultRow[]} rows
 * @returns {string}
 */
export function faultPage(rows) {
  return [
    '# What goes wrong, and what the worker makes of it',
    '',
    'Each line is a test on real processes, and on a real LiveKit server where the server takes part. The time is from the',
    'fault to the outcome, the bound is what is promised to a worker that does not wait for a core; a case that takes longer',
    'fails. `npm run test:faults` runs them all, `npm run test:faults -- --write` writes this page anew.',
    ...grouped(rows).flatMap(([section, own]) => [
      '',
      `## ${section}`,
      '',
      '| case | what happens | time | bound |',
      '| --- | --- | --- | --- |',
      ...own.map(
        (row) => `| ${[row.name, row.outcome, rounded(row), bound(row)].map(cell).join(' | ')} |`,
      ),
    ]),
    '',
  ].join('\n');
}

/**
 * How the page differs from the cases that are declared; empty when it does not.
 * @param {string} page
 * @param {readonly FaultCase[]} cases
 * @returns {string[]}
 */
export function pageMistakes(page, cases) {
  const written = casesOnPage(page);
  const declared = cases.map((one) => describeCase(one.section, cell(one.name), bound(one)));
  const twice = declared.filter((one, index) => declared.indexOf(one) !== index);
  return [
    ...declared.filter((one) => !written.includes(one)).map((one) => `not on the page: ${one}`),
    ...written.filter((one) => !declared.includes(one)).map((one) => `on the page only: ${one}`),
    ...twice.map((one) => `declared twice: ${one}`),
  ];
}

/** @param {string} page */
function casesOnPage(page) {
  let section = '';
  /** @type {string[]} */
  const found = [];
  for (const line of page.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    const [, name, , , limit] = line.split(/(?<!\\)\|/).map((part) => part.trim());
    if (name === undefined || limit === undefined || name === 'case' || name === '---') continue;
    found.push(describeCase(section, name, limit));
  }
  return found;
}

/**
 * @param {string} section
 * @param {string} name
 * @param {string} limit
 */
function describeCase(section, name, limit) {
  return `${section}: ${name} (within ${limit})`;
}

/**
 * @param {readonly FaultRow[]} rows
 * @returns {[FaultSection, FaultRow[]][]}
 */
function grouped(rows) {
  return faultSections.flatMap((section) => {
    const own = rows.filter((row) => row.section === section);
    return own.length === 0 ? [] : [/** @type {[FaultSection, FaultRow[]]} */ ([section, own])];
  });
}

/** @param {FaultCase} row */
function bound({ withinMs }) {
  return `${withinMs / 1000} s`;
}

/**
 * Coarse, so that the page changes when something has changed.
 * @param {FaultRow} row
 */
function rounded({ tookMs }) {
  if (tookMs === null) return '–';
  return tookMs < 1_000 ? '< 1 s' : `${Math.round(tookMs / 1_000)} s`;
}

/** @param {string} text */
function cell(text) {
  return text.replaceAll('|', String.raw`\|`);
}

/** @param {string[]} texts */
function width(texts) {
  return Math.max(0, ...texts.map((text) => text.length));
}
