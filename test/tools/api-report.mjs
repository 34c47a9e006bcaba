/**
 * Keeps a report of everything that each entry of the package exports in docs/reference/api, so that a change of the
 * public API shows up as a change of a file. `npm run api` writes the reports, `npm run api:check` compares them.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const root = fileURLToPath(new URL('../..', import.meta.url));
const reports = join(root, 'docs/reference/api');
const packageFile = join(root, 'package.json');
const isCheck = process.argv.includes('--check');

/**
 * The entries of the package that have types: the name of the report and its declarations.
 * @returns {{ name: string, types: string }[]}
 */
function readEntries() {
  const { exports } = JSON.parse(readFileSync(packageFile, 'utf8'));
  return Object.entries(exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([entry, target]) => ({
      name: entry === '.' ? 'greenroom' : entry.replace('./', 'greenroom-'),
      types: join(root, target.types),
    }));
}

/**
 * Writes the report of one entry into a folder; answers its mistakes.
 * @param {{ name: string, types: string }} entry
 * @param {string} folder
 * @returns {string[]}
 */
function writeReport({ name, types }, folder) {
  if (!existsSync(types))
    return [`${relative(root, types)} does not exist: run npm run build first`];
  /** @type {string[]} */
  const mistakes = [];
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: packageFile,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: types,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: 'NodeNext',
            target: 'ES2023',
            strict: true,
            skipLibCheck: true,
            types: ['node'],
          },
          files: [types],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: folder,
        reportTempFolder: join(folder, 'temp'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.None },
          // A type that users meet and cannot name stands in the report as a warning.
          'ae-forgotten-export': { logLevel: ExtractorLogLevel.None, addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true;
      if (message.logLevel === ExtractorLogLevel.Error) mistakes.push(`${name}: ${message.text}`);
    },
  });
  return mistakes;
}

/**
 * Answers what is wrong with the report that is kept, if it is not the one of now.
 * @param {string} name
 * @param {string} folder The folder of the reports of now.
 * @returns {string[]}
 */
function compare(name, folder) {
  const file = `${name}.api.md`;
  const kept = join(reports, file);
  if (!existsSync(join(folder, file))) return [];
  if (!existsSync(kept)) return [`docs/reference/api/${file} does not exist: run npm run api`];
  const isSame = readFileSync(kept, 'utf8') === readFileSync(join(folder, file), 'utf8');
  return isSame
    ? []
    : [`docs/reference/api/${file} is not of today: run npm run api and look at the difference`];
}

const folder = mkdtempSync(join(tmpdir(), 'greenroom-api-'));
try {
  const mistakes = readEntries().flatMap((entry) => {
    const found = writeReport(entry, folder);
    const file = `${entry.name}.api.md`;
    if (isCheck) return [...found, ...compare(entry.name, folder)];
    if (found.length > 0) return found;
    mkdirSync(reports, { recursive: true });
    cpSync(join(folder, file), join(reports, file));
    console.log(`docs/reference/api/${file}`);
    return [];
  });
  for (const mistake of mistakes) console.error(mistake);
  process.exitCode = mistakes.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
