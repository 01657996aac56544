// What the image holds is enough, and it runs as the Deployment says. Built here without a container: the files that the
// last stage copies, laid out as in the image.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { container, layImage } from '../fakes/kube/installed.ts';
import { objectsOf, root } from '../fakes/kube/manifests.ts';

const test = suite('image');
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
const project = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly devDependencies: { readonly node: string };
};

test('what it holds is enough for the command line and for SSH', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-image-'));
  try {
    const home = layImage(folder);
    const node = (...args: readonly string[]): string =>
      execFileSync(process.execPath, args, { cwd: home, encoding: 'utf8', env: { PATH: process.env.PATH, HOME: folder } });
    assert.match(node('dist/berth.mjs', 'version'), project.version);
    assert.is(node('-p', "typeof require('ssh2').Client").trim(), 'function');
    assert.match(node('dist/berth.mjs', 'validate', '-f', join(root, 'manifests/examples')), /\d+ resource\(s\) valid/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('is built of the Node.js that is developed with, and runs as somebody who is not root', () => {
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  assert.equal(bases, [`node:${project.devDependencies.node}-bookworm-slim`, `node:${project.devDependencies.node}-bookworm-slim`]);
  const [deployment] = objectsOf('manifests/install/deployment.yaml');
  const [, user] = /^USER (\d+):\d+$/m.exec(dockerfile) ?? [];
  assert.match(JSON.stringify(deployment), `"runAsUser":${user}`);
});

test('does by itself what the Deployment asks for', () => {
  const [, command = ''] = /^CMD (.*)$/m.exec(dockerfile) ?? [];
  assert.equal(JSON.parse(command), container().args);
});

test('bears the version of the project wherever it is named', () => {
  const [deployment] = objectsOf('manifests/install/deployment.yaml');
  assert.match(JSON.stringify(deployment), `"image":"berth:${project.version}"`);
  assert.match(readFileSync(join(root, 'manifests/chart/Chart.yaml'), 'utf8'), `appVersion: ${project.version}\n`);
});

test.run();
