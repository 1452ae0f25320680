// node validate.mjs: renders k8s/base and prints what the schemas refuse; ends with 1 if there is anything.
import {render} from './rendering.mjs';
import {problems} from './schema.mjs';

const objects = render();
const found = (await Promise.all(objects.map(problems))).flat();
for (const problem of found) console.log(problem);
if (!objects.length) console.log('nothing was rendered');
process.exit(found.length || !objects.length ? 1 : 0);
