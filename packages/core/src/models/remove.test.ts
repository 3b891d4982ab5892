import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { identityGraph } from '../testing/graphs.js';
import { useModels } from '../testing/models-folder.js';
import { refusal } from '../testing/refusal.js';
import { addModel } from './add.js';
import { removableFolder, removeModel } from './remove.js';
import { bundledModelsDir, findModel, listModels, type ModelList, userModelsDir } from './store.js';

let root: string;
let models: string;
let restoreModels: () => void;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ir-remove-'));
  models = join(root, 'models');
  restoreModels = useModels(models);
});
afterEach(async () => {
  restoreModels();
  await rm(root, { recursive: true });
});

const names = () => readdir(userModelsDir());
const userModels = async () => (await listModels()).models.filter(({ origin }) => origin === 'user');

async function add(id: string): Promise<void> {
  const file = join(root, 'net.onnx');
  await writeFile(file, identityGraph());
  await addModel(file, { id, multiple: 1, reach: 16 });
}

async function addBroken(name: string): Promise<void> {
  await mkdir(join(models, name), { recursive: true });
  await writeFile(join(models, name, 'manifest.json'), '{"schema":');
}

describe('removing a model', () => {
  test('takes it away with its folder, and its id is free again; the others stay', async () => {
    await add('net');
    await add('other');
    expect(await removeModel('net')).toEqual({ id: 'net', folder: join(models, 'net') });
    expect(await names()).toEqual(['other']);
    await add('net');
    expect((await findModel('net')).origin).toBe('user');
  });

  test('goes by the id, wherever the folder stands', async () => {
    await add('net');
    await cp(join(models, 'net'), join(models, 'elsewhere'), { recursive: true });
    await rm(join(models, 'net'), { recursive: true });
    expect(await removeModel('net')).toEqual({ id: 'net', folder: join(models, 'elsewhere') });
    expect(await names()).toEqual([]);
  });

  test('a broken one goes by its folder’s name, also where its id is that of another', async () => {
    await add('net');
    await addBroken('wreck');
    await cp(join(models, 'net'), join(models, 'twin'), { recursive: true });
    for (const name of ['wreck', 'twin']) expect(await removeModel(name)).toMatchObject({ id: name });
    expect(await names()).toEqual(['net']);
  });

  test('of a link it is the link that goes', async () => {
    await add('net');
    const kept = join(root, 'kept');
    await cp(join(models, 'net'), kept, { recursive: true });
    await rm(join(models, 'net'), { recursive: true });
    await symlink(kept, join(models, 'net'));
    await removeModel('net');
    expect([await names(), existsSync(join(kept, 'manifest.json'))]).toEqual([[], true]);
  });

  test('what a killed removal left is no model, and goes with the next', async () => {
    await add('net');
    await cp(join(models, 'net'), join(models, '.net.removed'), { recursive: true });
    expect((await userModels()).map(({ folder }) => folder)).toEqual([join(models, 'net')]);
    await removeModel('net');
    expect(await names()).toEqual([]);
    await mkdir(join(models, '.gone.removed'));
    await add('other');
    expect(await names()).toEqual(['other']);
  });
});

describe('refused, with nothing taken away', () => {
  /** Only asked, never removed: should a refusal fail, nothing of the installation is lost. */
  const asked = (list: ModelList | Promise<ModelList>, id: string) =>
    refusal((async () => removableFolder(await list, id))());
  const told =
    'IR_E_USAGE model: expected one that you have added, got restorer-s, which comes with ir. Bundled models belong to the installation.';
  const bundled = join(bundledModelsDir(), 'restorer-s');

  test('a model that comes with ir, though the user has another of its id', async () => {
    await cp(bundled, join(models, 'mine'), { recursive: true });
    expect(await asked(listModels(), 'restorer-s')).toBe(told);
    expect(await removeModel('mine')).toEqual({ id: 'mine', folder: join(models, 'mine') });
  });

  test('one that comes with ir and is broken, and where the user’s folder is that of the installation', async () => {
    expect(await asked({ models: [], broken: [{ folder: bundled, problem: '' }] }, 'restorer-s')).toBe(told);
    for (const path of [bundledModelsDir(), join(root, 'link')]) {
      if (path !== bundledModelsDir()) await symlink(bundledModelsDir(), path);
      const restore = useModels(path);
      const { broken } = await listModels();
      restore();
      expect(broken.map(({ folder }) => folder)).toContain(join(path, 'restorer-s'));
      expect(await asked({ models: [], broken }, 'restorer-s')).toBe(told);
    }
  });

  test('an id that is not known, with a suggestion among those that can be removed; no path leads out', async () => {
    await add('sharpener');
    await addBroken('wreck');
    expect(await refusal(removeModel('sharpner'))).toBe(
      'IR_E_UNKNOWN_NAME model: expected one of: sharpener, wreck, got "sharpner". Did you mean "sharpener"?',
    );
    expect(await refusal(removeModel('wrek'))).toMatch(/Did you mean "wreck"/);
    for (const id of ['../models/sharpener', '.', ''])
      expect(await refusal(removeModel(id))).toMatch(/^IR_E_UNKNOWN_NAME /);
    expect(await names()).toEqual(['sharpener', 'wreck']);
  });
});
