/* The report's script: a classic one, since modules do not load from disk. Curves: legend and tooltips. Pictures: wipe, zoom, pan. */
(() => {
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  /* Curves */

  function curves(section) {
    const tip = section.querySelector('.tip');
    if (!tip) return;
    const hidden = new Set();

    for (const button of section.querySelectorAll('.legend button')) {
      button.addEventListener('click', () => {
        const name = `hide-${button.dataset.series}`;
        const off = section.classList.toggle(name);
        button.setAttribute('aria-pressed', String(!off));
        const colour = `var(--series-${button.dataset.series})`;
        if (off) hidden.add(colour);
        else hidden.delete(colour);
      });
    }

    /** The point of a panel nearest to the pointer, within 24 pixels. */
    function nearest(panel, { clientX, clientY }) {
      let best = null;
      let least = 24;
      for (const point of panel.querySelectorAll('.mark-symbol path[aria-label]')) {
        if (hidden.has(point.getAttribute('fill'))) continue;
        const box = point.getBoundingClientRect();
        const distance = Math.hypot(box.left + box.width / 2 - clientX, box.top + box.height / 2 - clientY);
        if (distance < least) [best, least] = [{ box, text: point.getAttribute('aria-label') }, distance];
      }
      return best;
    }

    /** The level of a panel under the pointer, within 8 pixels: a line from side to side, told wherever it is touched. */
    function level(panel, { clientX, clientY }) {
      for (const line of panel.querySelectorAll('.mark-rule line[aria-label]')) {
        const { left, right, top } = line.getBoundingClientRect();
        if (hidden.has(line.getAttribute('stroke')) || clientX < left || clientX > right) continue;
        if (Math.abs(top - clientY) < 8)
          return { box: { left: clientX, width: 0, top }, text: line.getAttribute('aria-label') };
      }
      return null;
    }

    for (const panel of section.querySelectorAll('.panel')) {
      panel.addEventListener('pointermove', (event) => {
        const found = nearest(panel, event) ?? level(panel, event);
        tip.hidden = !found;
        if (!found) return;
        const { box, text } = found;
        tip.textContent = text;
        const left = box.left + box.width / 2 - tip.offsetWidth / 2;
        tip.style.left = `${clamp(left, 8, document.documentElement.clientWidth - tip.offsetWidth - 8) + scrollX}px`;
        tip.style.top = `${box.top - tip.offsetHeight - 8 + scrollY}px`;
      });
      panel.addEventListener('pointerleave', () => {
        tip.hidden = true;
      });
    }
  }

  /* Pictures */

  function viewer(root, { metrics, views }) {
    const find = (selector) => root.querySelector(selector);
    const stage = find('.stage');
    const layers = { left: find('.layer.left'), right: find('.layer.right') };
    const slider = find('.wipe input');
    const chooseImage = find('.choose-image');
    const chooseDegradation = find('.choose-degradation');
    const panes = find('.panes');
    const DEEPEST = 16;

    let view = views[0];
    let windows = [];
    /** Centre in picture pixels; `zoom` 1 fits the picture into its window. */
    const state = { left: 0, right: 1, x: 0, y: 0, zoom: 1 };

    /** Pixels of the screen for one of the picture when it fits; windows have the picture's proportions. */
    const fitOf = (element) => element.getBoundingClientRect().width / view.width || 1;
    const largest = () => Math.max(1, DEEPEST / fitOf(stage));

    /** Shows the same place of the picture in one window as in all others. In percent, so that it holds at any size, on paper too. */
    function place(element, image) {
      const width = image.naturalWidth || view.width;
      image.style.width = `${(100 * state.zoom * width) / view.width}%`;
      image.style.left = `${50 - (100 * state.zoom * state.x) / view.width}%`;
      image.style.top = `${50 - (100 * state.zoom * state.y) / view.height}%`;
      element.classList.toggle('pixels', fitOf(element) * state.zoom >= 1.99);
    }

    function draw() {
      state.zoom = clamp(state.zoom, 1, largest());
      const half = { x: view.width / state.zoom / 2, y: view.height / state.zoom / 2 };
      state.x = clamp(state.x, half.x, view.width - half.x);
      state.y = clamp(state.y, half.y, view.height - half.y);
      for (const layer of Object.values(layers)) place(layer, layer.firstElementChild);
      for (const pane of windows) place(pane, pane.firstElementChild);
      const cut = slider.value / 10;
      layers.left.style.clipPath = `inset(0 ${100 - cut}% 0 0)`;
      layers.right.style.clipPath = `inset(0 0 0 ${cut}%)`;
      find('.line').style.left = `${cut}%`;
      stage.classList.toggle('zoomed', state.zoom > 1.001);
      const scale = fitOf(stage) * state.zoom;
      for (const button of root.querySelectorAll('[data-zoom]')) {
        const asked = button.dataset.zoom === 'fit' ? state.zoom < 1.001 : Math.abs(scale - button.dataset.zoom) < 1e-3;
        button.setAttribute('aria-pressed', String(asked));
      }
    }

    function show() {
      for (const side of ['left', 'right']) {
        const entry = view.entries[state[side]];
        const image = layers[side].firstElementChild;
        image.src = entry.url;
        image.alt = `${view.image}, ${view.degradation}: ${entry.label}`;
        find(`.tag.${side}`).textContent = entry.label;
      }
      for (const radio of root.querySelectorAll('.values input'))
        radio.checked = state[radio.name] === Number(radio.value);
      draw();
    }

    const choose = (side, index) => {
      state[side] = index;
      show();
    };

    function symbol({ symbol: path, colour }) {
      if (!path) return '';
      const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      svg.setAttribute('viewBox', '-1.3 -1.3 2.6 2.6');
      svg.setAttribute('class', 'mark');
      svg.setAttribute('aria-hidden', 'true');
      const shape = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      shape.setAttribute('d', path);
      shape.setAttribute('fill', colour);
      svg.append(shape);
      return svg;
    }

    function picker(side, index, label) {
      const cell = make('td', 'pick');
      const radio = make('input');
      Object.assign(radio, { type: 'radio', name: side, value: index });
      radio.setAttribute('aria-label', `${label} on the ${side}`);
      radio.addEventListener('change', () => choose(side, index));
      cell.append(radio);
      return cell;
    }

    function fillTable() {
      find('.values tbody').replaceChildren(
        ...view.entries.map((entry, index) => {
          const row = make('tr');
          const name = make('th', 'name', entry.label);
          name.scope = 'row';
          name.prepend(symbol(entry));
          const values = entry.values.map((value) => make('td', '', value));
          row.append(picker('left', index, entry.label), picker('right', index, entry.label), name, ...values);
          return row;
        }),
      );
    }

    function fillPanes() {
      windows = [];
      panes.replaceChildren(
        ...view.entries.map((entry, index) => {
          const pane = make('button', 'pane');
          pane.type = 'button';
          pane.title = 'Show on the right';
          const window = make('span', 'window');
          window.style.aspectRatio = `${view.width} / ${view.height}`;
          const image = make('img');
          image.alt = '';
          image.draggable = false;
          image.addEventListener('load', () => place(window, image));
          image.src = entry.url;
          window.append(image);
          windows.push(window);
          const name = make('span', 'name', entry.label);
          name.prepend(symbol(entry));
          const numbers = entry.values.map((value, i) => (value ? `${metrics[i]} ${value}` : '')).filter(Boolean);
          pane.append(window, name, make('span', 'numbers', numbers.join(' · ')));
          pane.addEventListener('click', () => choose('right', index));
          return pane;
        }),
      );
    }

    function open(next) {
      view = next;
      Object.assign(state, { x: view.width / 2, y: view.height / 2, zoom: 1 });
      const last = view.entries.length - 1;
      // The picture as it was degraded against what the last restorer of the study makes of it; both where they were before, if there.
      if (state.right > last || state.left > last || state.opened === undefined) {
        Object.assign(state, { left: Math.min(1, last), right: last, opened: true });
      }
      stage.style.aspectRatio = `${view.width} / ${view.height}`;
      stage.style.maxWidth = `calc(80vh * ${view.width / view.height})`;
      find('.wipe').style.maxWidth = stage.style.maxWidth;
      fillTable();
      fillPanes();
      show();
    }

    const option = (text, value) => Object.assign(make('option', '', text), { value });

    function offerDegradations() {
      const before = view.degradation;
      const own = views.filter(({ hash }) => hash === chooseImage.value);
      chooseDegradation.replaceChildren(...own.map(({ degradation }) => option(degradation, degradation)));
      if (own.some(({ degradation }) => degradation === before)) chooseDegradation.value = before;
    }

    const reopen = () =>
      open(
        views.find(({ hash, degradation }) => hash === chooseImage.value && degradation === chooseDegradation.value) ??
          views[0],
      );

    /** Zooms so that what is under (x, y) of the stage stays there. */
    function zoomAt(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
      const before = fitOf(stage) * state.zoom;
      state.zoom = clamp(state.zoom * factor, 1, largest());
      const after = fitOf(stage) * state.zoom;
      state.x += (x - stage.clientWidth / 2) * (1 / before - 1 / after);
      state.y += (y - stage.clientHeight / 2) * (1 / before - 1 / after);
      draw();
    }

    function wipeTo(clientX) {
      const { left, width } = stage.getBoundingClientRect();
      slider.value = clamp((1000 * (clientX - left)) / width, 0, 1000);
      draw();
    }

    function listen() {
      const pointers = new Map();
      let wiping = false;

      stage.addEventListener('pointerdown', (event) => {
        if (event.button !== 0) return;
        stage.setPointerCapture(event.pointerId);
        pointers.set(event.pointerId, event);
        const { left, width } = stage.getBoundingClientRect();
        const fromLine = Math.abs(event.clientX - left - (width * slider.value) / 1000);
        wiping = pointers.size === 1 && (state.zoom < 1.001 || fromLine < 18);
        if (wiping) wipeTo(event.clientX);
      });

      stage.addEventListener('pointermove', (event) => {
        const before = pointers.get(event.pointerId);
        if (!before) return;
        pointers.set(event.pointerId, event);
        if (wiping) return wipeTo(event.clientX);
        const other = [...pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
        if (other) {
          const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
          const box = stage.getBoundingClientRect();
          const x = (event.clientX + other.clientX) / 2 - box.left;
          return zoomAt(apart(event) / apart(before), x, (event.clientY + other.clientY) / 2 - box.top);
        }
        const scale = fitOf(stage) * state.zoom;
        state.x -= (event.clientX - before.clientX) / scale;
        state.y -= (event.clientY - before.clientY) / scale;
        draw();
      });

      for (const end of ['pointerup', 'pointercancel']) {
        stage.addEventListener(end, (event) => pointers.delete(event.pointerId));
      }

      // With a modifier, or once zoomed in, the wheel zooms; else it scrolls the page, as everywhere.
      stage.addEventListener(
        'wheel',
        (event) => {
          if (!event.ctrlKey && !event.metaKey && state.zoom < 1.001) return;
          event.preventDefault();
          const { left, top } = stage.getBoundingClientRect();
          zoomAt(2 ** (-event.deltaY / 240), event.clientX - left, event.clientY - top);
        },
        { passive: false },
      );

      stage.addEventListener('dblclick', (event) => {
        const { left, top } = stage.getBoundingClientRect();
        if (state.zoom > 1.001) zoomAt(1 / state.zoom);
        else zoomAt(2 / fitOf(stage), event.clientX - left, event.clientY - top);
      });

      stage.addEventListener('keydown', (event) => {
        const step = 40 / (fitOf(stage) * state.zoom);
        const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
        const zooms = { '+': 1.5, '=': 1.5, '-': 1 / 1.5, 0: 1 / state.zoom };
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (moves[event.key]) {
          state.x += moves[event.key][0];
          state.y += moves[event.key][1];
          draw();
        } else if (zooms[event.key]) zoomAt(zooms[event.key]);
        else return;
        event.preventDefault();
      });

      for (const layer of Object.values(layers)) layer.firstElementChild.addEventListener('load', draw);
      slider.addEventListener('input', draw);
      for (const button of root.querySelectorAll('[data-zoom]')) {
        button.addEventListener('click', () => {
          const asked = button.dataset.zoom;
          zoomAt(asked === 'fit' ? 1 / state.zoom : asked / (fitOf(stage) * state.zoom));
        });
      }
      chooseImage.addEventListener('change', () => {
        offerDegradations();
        reopen();
      });
      chooseDegradation.addEventListener('change', reopen);
      new ResizeObserver(draw).observe(stage);
    }

    root.hidden = false;
    const heads = ['Left', 'Right', 'Picture', ...metrics].map((text, i) =>
      make('th', i < 2 ? 'pick' : i === 2 ? 'name' : '', text),
    );
    for (const head of heads) head.scope = 'col';
    find('.values thead tr').append(...heads);
    const images = new Map(views.map(({ hash, image }) => [hash, image]));
    chooseImage.append(...[...images].map(([hash, image]) => option(image, hash)));
    offerDegradations();
    listen();
    open(views[0]);
  }

  curves(document.getElementById('curves'));
  const data = document.getElementById('viewer-data');
  if (data) viewer(document.querySelector('.viewer'), JSON.parse(data.textContent));
})();
