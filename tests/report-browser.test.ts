/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeReport } from '@ir/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { madeUpResults, SERIES, SPEC, SWEEP_SPEC, writePictures } from '../packages/core/src/report/testing/results.js';

const CHROMIUM = [
  process.env.CHROME_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path && existsSync(path));

if (!CHROMIUM) console.warn('No Chromium found (CHROME_PATH names one): the report is not opened in a browser.');

/** Nothing from anywhere: the browser is kept from asking for things of its own. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

(CHROMIUM ? describe : describe.skip)('a report opened from disk', () => {
  let folder = '';
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const requests: string[] = [];

  const spec = {
    degradations: SPEC.degradations.slice(0, 4),
    bootstrap: { resamples: 200, seed: 1 },
    pictures: { images: 2, degradations: ['blur-2', 'blur-4'] },
  };

  async function open(path: string): Promise<void> {
    await page.goto(pathToFileURL(path).href);
    await page.waitForFunction(() => [...document.images].every((image) => image.complete));
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ir-browser-'));
    const results = madeUpResults({ spec });
    await writePictures(results, folder);
    const { index } = await writeReport(results, folder);
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: FLAGS });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await open(index);
  });

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const wipe = () => page.locator('.wipe input');
  const clip = (side: string) =>
    page.locator(`.layer.${side}`).evaluate((element) => (element as HTMLElement).style.clipPath);
  /** Pixels of the screen for one of the picture, in the stage and in every small window below it. */
  const scales = () =>
    page
      .locator('.layer img, .window img')
      .evaluateAll((images) =>
        (images as HTMLImageElement[]).map((image) => image.getBoundingClientRect().width / image.naturalWidth),
      );

  test('every curve is drawn: lines, bands and points in the restorers’ colours, visible', async () => {
    const panels = page.locator('.panel');
    expect(await panels.count()).toBe(6);
    for (let i = 0; i < 6; i++) {
      const drawn = await panels.nth(i).evaluate((panel) => {
        const shown = [...panel.querySelectorAll('path')].filter((path) => {
          const { width, height } = path.getBoundingClientRect();
          const { stroke, fill, visibility } = getComputedStyle(path);
          return width + height > 4 && visibility === 'visible' && (stroke !== 'none' || fill !== 'none');
        });
        const of = (attribute: string) =>
          new Set(shown.map((path) => path.getAttribute(attribute)).filter((value) => value?.includes('--series')));
        const colours = shown.map((path) => getComputedStyle(path).stroke).filter((stroke) => stroke !== 'none');
        return { lines: of('stroke').size, fills: of('fill').size, colours: new Set(colours).size };
      });
      const restorers = i < 3 ? 4 : 3;
      expect(drawn.lines).toBe(restorers);
      expect(drawn.fills).toBe(restorers);
      expect(drawn.colours).toBeGreaterThanOrEqual(restorers); // each variable is a colour of its own
    }
  });

  test('a point under the pointer tells its numbers; the legend fades a restorer', async () => {
    const point = page.locator('.panel .mark-symbol path[aria-label^="Wiener, sigma 3"]').first();
    await point.scrollIntoViewIfNeeded();
    const box = (await point.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    expect(await page.locator('.tip').textContent()).toMatch(
      /^Wiener, sigma 3: SSIM 0\.\d{4} \(0\.\d+ to 0\.\d+\), n = 9$/,
    );
    await page.locator('.legend button', { hasText: 'Wiener' }).click();
    expect(await page.locator('.legend button[aria-pressed="false"]').count()).toBe(1);
    await page.waitForFunction(
      (label) => Number(getComputedStyle(document.querySelector(`path[aria-label="${label}"]`)!).opacity) < 0.1,
      (await point.getAttribute('aria-label'))!,
    );
    await page.locator('.legend button', { hasText: 'Wiener' }).click();
  });

  test('pictures are there', async () => {
    const widths = await page.evaluate(() => [...document.images].map((image) => image.naturalWidth));
    expect(widths).toHaveLength(2 + 5);
    expect(widths.every((width) => width === 192)).toBe(true);
    expect(await page.locator('.values tbody tr').count()).toBe(5);
    expect(await page.locator('.tag').allTextContents()).toEqual(['Degraded picture', 'Restorer S']);
  });

  test('the wipe follows the slider, by mouse and by keys', async () => {
    await wipe().fill('250');
    expect([await clip('left'), await clip('right')]).toEqual(['inset(0px 75% 0px 0px)', 'inset(0px 0px 0px 25%)']);
    await wipe().focus();
    await page.keyboard.press('ArrowRight');
    expect(await clip('right')).toBe('inset(0px 0px 0px 25.1%)');
    await page.locator('.stage').scrollIntoViewIfNeeded();
    const box = (await page.locator('.stage').boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    expect(Number(await wipe().inputValue())).toBeCloseTo(750, -1);
  });

  test('zoom and place are one for all pictures, in whole pixels', async () => {
    const fit = await scales();
    await page.locator('[data-zoom="8"]').click();
    const deep = await scales();
    for (const scale of deep.slice(0, 2)) expect(scale).toBeCloseTo(8, 3);
    const factor = 8 / fit[0]!;
    deep.forEach((scale, i) => {
      expect(scale / fit[i]!).toBeCloseTo(factor, 3);
    });
    const rendering = await page.locator('.layer.left img').evaluate((image) => getComputedStyle(image).imageRendering);
    expect(rendering).toBe('pixelated');
    const place = () =>
      page.locator('.layer img').evaluateAll((images) => images.map((image) => (image as HTMLElement).style.left));
    const before = await place();
    await page.locator('.stage').focus();
    await page.keyboard.press('ArrowRight');
    const after = await place();
    expect(after[0]).not.toBe(before[0]);
    expect(after[0]).toBe(after[1]);
    await page.keyboard.press('0');
    (await scales()).forEach((scale, i) => {
      expect(scale).toBeCloseTo(fit[i]!, 6);
    });
  });

  test('every original, restorer and degradation can be chosen, its values beside it', async () => {
    await page.locator('.choose-degradation').selectOption('blur-4');
    await page.locator('.choose-image').selectOption({ index: 1 });
    expect(await page.locator('.choose-degradation').inputValue()).toBe('blur-4');
    await page.locator('.values input[name="left"]').first().check();
    expect(await page.locator('.tag.left').textContent()).toBe('Original');
    await page.locator('.pane').nth(2).click();
    expect(await page.locator('.tag.right').textContent()).toBe('Wiener');
    expect(await page.locator('.values tbody tr').nth(2).textContent()).toMatch(/^Wiener0\.\d{4}\d\d\.\d\d\d+\.\d\d$/);
    const widths = await page.evaluate(async () => {
      await Promise.all([...document.images].map((image) => image.decode()));
      return [...document.images].map((image) => image.naturalHeight);
    });
    expect(new Set(widths)).toEqual(new Set([136]));
  });

  test('nothing is wider than a small screen, and both themes are legible', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: 400, height: 800 });
      const { overflow, ink, paper } = await page.evaluate(() => ({
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        ink: getComputedStyle(document.body).color,
        paper: getComputedStyle(document.body).backgroundColor,
      }));
      expect(overflow).toBe(0);
      const brightness = (colour: string) => Math.max(...colour.match(/\d+/g)!.slice(0, 3).map(Number));
      expect(Math.abs(brightness(ink) - brightness(paper))).toBeGreaterThan(150);
    }
  });

  test('a sweep over restorers: a level is told wherever it is touched, its series fade together, nothing is too wide', async () => {
    const out = join(folder, 'report', 'sweep');
    const results = madeUpResults({ spec: { ...SWEEP_SPEC, bootstrap: spec.bootstrap } });
    await mkdir(out);
    await writePictures(results, out);
    await page.setViewportSize({ width: 1280, height: 900 });
    await open((await writeReport(results, out)).index);
    expect(await page.locator('.panel').count()).toBe(2 * 3 * 2);
    const panel = page.locator('.panel[data-figure="psnr-mean-SR4"]');
    await panel.scrollIntoViewIfNeeded();
    const box = (await panel.locator('.mark-rule line[aria-label^="M_phi alone"]').boundingBox())!;
    await page.mouse.move(box.x + 0.31 * box.width, box.y + 3);
    expect(await page.locator('.tip').textContent()).toMatch(/^M_phi alone at SR4: PSNR \d\d\.\d\d \(/);
    const series = SERIES[1];
    await page.locator('.legend button', { hasText: series }).click();
    await page.waitForFunction(
      (name) =>
        [...document.querySelectorAll(`.panel .mark-symbol path[aria-label^="${name}"]`)].every(
          (path) => Number(getComputedStyle(path).opacity) < 0.1,
        ),
      series,
    );
    expect(
      await panel
        .locator(`path[aria-label^="${SERIES[0]}"]`)
        .first()
        .evaluate((path) => getComputedStyle(path).opacity),
    ).toBe('1');
    expect(await page.locator('.claim .verdict.holds').first().textContent()).toBe('Holds');
    await page.setViewportSize({ width: 420, height: 800 });
    const [wide, shown] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(wide).toBe(shown);
  });

  test('the console stayed silent, and nothing was asked for but files of the report', () => {
    expect(complaints).toEqual([]);
    const report = pathToFileURL(join(folder, 'report')).href;
    expect(requests.filter((url) => !url.startsWith(report))).toEqual([]);
    expect(requests.length).toBeGreaterThan(5);
  });
});
