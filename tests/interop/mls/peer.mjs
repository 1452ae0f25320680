// Another implementation of MLS (npm ts-mls) for our tests to talk to: one JSON object a line on
// stdin, one answer a line on stdout, strictly in order. README.md lists the commands. Ends when
// stdin does.
import {register} from 'node:module';
import {createInterface} from 'node:readline';

register('./fixes.mjs', import.meta.url);
const {commands} = await import('./commands.mjs');

// Where two of its promises fail ts-mls awaits only the first, and that one is the answer.
process.on('unhandledRejection', () => {});

async function answer(line) {
  let id = null;
  try {
    const request = JSON.parse(line);
    if (request === null || typeof request !== 'object') throw new Error('not an object');
    id = request.id ?? null;
    if (!Object.hasOwn(commands, request.cmd)) throw new Error(`no command ${request.cmd}`);
    return {id, ...(await commands[request.cmd](request))};
  } catch (error) {
    return {id, error: String(error)};
  }
}

for await (const line of createInterface({input: process.stdin})) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
