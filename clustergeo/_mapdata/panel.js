// The panel beside the map: title, search, and legend, filters and list as tabs.
(function (cg) {
  "use strict";

  var MOST_ROWS = 200, MOST_FOUND = 12;

  cg.panel = function (map) {
    var state = map.clustergeo, data = state.data, panel = cg.element("aside", "cg-panel"), head = cg.element("header");
    panel.setAttribute("aria-label", cg.say(data, "panel"));
    head.append(cg.element("h1", "", data.title));
    if (data.facts) { head.append(cg.element("p", "cg-facts", data.facts)); }
    data.told.forEach(function (text) { head.append(cg.element("p", "cg-warn", text)); });
    panel.append(head, handle(data, panel));
    var body = cg.element("div", "cg-body");
    panel.append(body);
    if (data.tables.some(function (table) { return table.n; })) { body.append(search(map)); }
    body.append(tabs(map, panel));
    map.getContainer().parentNode.append(panel);
    state.panel = panel;
    // On a telephone the attribution stands above the shut panel, however long its title is.
    new ResizeObserver(function () {
      if (panel.classList.contains("cg-shut")) { map.getContainer().style.setProperty("--cg-foot", Math.ceil(panel.getBoundingClientRect().height) + "px"); }
    }).observe(panel);
    // Neither a wheel nor a drag on the panel moves the map below it.
    L.DomEvent.disableScrollPropagation(panel);
    L.DomEvent.disableClickPropagation(panel);
  };

  function handle(data, panel) {
    var button = cg.element("button", "cg-handle");
    button.type = "button";
    function show(open) {
      panel.classList.toggle("cg-shut", !open);
      button.setAttribute("aria-expanded", String(open));
      button.setAttribute("aria-label", cg.say(data, open ? "close_panel" : "open_panel"));
    }
    button.addEventListener("click", function () { show(panel.classList.contains("cg-shut")); });
    panel.cgShow = show;
    show(window.innerWidth >= 720);
    return button;
  }

  function search(map) {
    var state = map.clustergeo, data = state.data;
    var box = cg.element("div", "cg-search"), input = cg.element("input"), list = cg.element("ul"), status = cg.element("p", "cg-status");
    input.type = "search";
    input.placeholder = cg.say(data, "search");
    input.autocomplete = "off";
    list.id = "cg-found";
    list.hidden = true;
    [["role", "combobox"], ["aria-label", cg.say(data, "search")], ["aria-expanded", "false"], ["aria-controls", "cg-found"], ["aria-autocomplete", "list"]]
      .forEach(function (pair) { input.setAttribute(pair[0], pair[1]); });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", cg.say(data, "search"));
    status.setAttribute("role", "status");
    box.append(input, status, list);
    var rows = [], at = -1;

    function mark(next) {
      at = next;
      [].forEach.call(list.children, function (one, place) { one.setAttribute("aria-selected", String(place === at)); });
      if (at >= 0) { input.setAttribute("aria-activedescendant", list.children[at].id); list.children[at].scrollIntoView({ block: "nearest" }); }
      else { input.removeAttribute("aria-activedescendant"); }
    }
    function close() { list.hidden = true; input.setAttribute("aria-expanded", "false"); mark(-1); }
    function go(found) { close(); cg.visit(map, found.place, found.row); }
    function find() {
      var wanted = cg.plain(input.value), hits = 0;
      rows = [];
      list.replaceChildren();
      state.names.forEach(function (names, place) {
        for (var row = 0; wanted && row < names.length; row++) {
          if (names[row].indexOf(wanted) >= 0 && ++hits <= MOST_FOUND) { rows.push({ place: place, row: row }); }
        }
      });
      rows.forEach(function (found, place) {
        var option = cg.element("li", "", data.tables[found.place].names[found.row]), where = cg.where(data, found.place, found.row);
        option.id = "cg-found-" + place;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        if (where) { option.append(" ", cg.element("small", "", where)); }
        option.addEventListener("mousedown", function (event) { event.preventDefault(); go(found); });
        list.append(option);
      });
      status.textContent = !wanted ? "" : rows.length ? cg.say(data, "found", cg.number(hits, 0)) : cg.say(data, "nothing_found");
      list.hidden = !rows.length;
      input.setAttribute("aria-expanded", String(!!rows.length));
      mark(rows.length ? 0 : -1);
    }
    input.addEventListener("input", find);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", function (event) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (rows.length) { mark((at + (event.key === "ArrowDown" ? 1 : -1) + rows.length) % rows.length); }
      } else if (event.key === "Enter") { if (at >= 0 && !list.hidden) { go(rows[at]); } }
      else if (event.key === "Escape") { input.value = ""; find(); }
      else { return; }
      event.preventDefault();
    });
    return box;
  }

  // Names are searched without their spaces, dots and brackets.
  cg.plain = function (text) {
    return text.normalize("NFC").toLowerCase().replace(/[\s·・‧.,()-]/g, "");
  };

  cg.termed = function (table, row) {
    return table.terms && table.terms.codes[row] >= 0 ? table.terms.words[table.terms.codes[row]] : "";
  };

  cg.placed = function (table, row) {
    return table.place && table.place.codes[row] >= 0 ? table.place.words[table.place.codes[row]] : "";
  };

  // The layer that shows a table.
  cg.layerOf = function (data, place) {
    return data.layers.find(function (spec) { return spec.table === place; }) || { name: "" };
  };

  // Where a row lies, in the list and the search: its place, its layer unless among its like, and whether it is nowhere.
  cg.where = function (data, place, row, among) {
    var table = data.tables[place], parts = [cg.placed(table, row)];
    if (place > 0 && !among) { parts.push(cg.layerOf(data, place).name); }
    if (row >= table.placed) { parts.push(cg.say(data, "no_position")); }
    return parts.filter(Boolean).join(" · ");
  };

  function tabs(map, panel) {
    var data = map.clustergeo.data, whole = cg.element("div", "cg-tabs"), bar = cg.element("div", "cg-bar"), made = [];
    var table = data.tables[0], parts = [["legend", legend(map)]];
    if (table && table.filters.length) { parts.push(["filter", filters(map)]); }
    if (data.tables.some(function (one) { return one.n; })) { parts.push(["list", list(map)]); }
    bar.setAttribute("role", "tablist");
    bar.setAttribute("aria-label", cg.say(data, "panel"));
    whole.append(bar);
    function choose(wanted, focus) {
      made.forEach(function (one, at) {
        one.tab.setAttribute("aria-selected", String(at === wanted));
        one.tab.tabIndex = at === wanted ? 0 : -1;
        one.body.hidden = at !== wanted;
      });
      if (focus) { made[wanted].tab.focus(); }
    }
    parts.forEach(function (part, at) {
      var tab = cg.element("button", "", cg.say(data, part[0])), body = part[1];
      tab.type = "button";
      tab.id = "cg-tab-" + part[0];
      body.id = "cg-part-" + part[0];
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", body.id);
      body.setAttribute("role", "tabpanel");
      body.setAttribute("aria-labelledby", tab.id);
      body.tabIndex = 0;
      tab.addEventListener("click", function () { choose(at); });
      tab.addEventListener("keydown", function (event) {
        var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) { return; }
        event.preventDefault();
        choose((at + step + made.length) % made.length, true);
      });
      made.push({ tab: tab, body: body });
      bar.append(tab);
      whole.append(body);
    });
    choose(0);
    panel.cgTab = function (name) { choose(Math.max(0, parts.findIndex(function (part) { return part[0] === name; }))); };
    return whole;
  }

  function legend(map) {
    var data = map.clustergeo.data, part = cg.element("div", "cg-legend"), layers = cg.element("section", "cg-layers");
    if (data.tables.length && data.tables[0].n) { part.append(cg.element("p", "cg-hint", cg.say(data, "hint"))); }
    var keys = cg.element("div");
    cg.legend(map, keys);
    layers.append(cg.element("h3", "", cg.say(data, "layers")));
    part.append(keys, layers);
    return part;
  }

  function filters(map) {
    var state = map.clustergeo, data = state.data, table = data.tables[0], part = cg.element("div", "cg-filters"), wanted = [];
    var status = cg.element("p", "cg-status"), clear = cg.element("button", "cg-clear", cg.say(data, "clear"));
    status.setAttribute("role", "status");
    clear.type = "button";
    table.filters.forEach(function (filter) {
      var held = table.columns[filter.column], set = cg.element("fieldset"), chosen = {}, counts = held.words.map(function () { return 0; });
      set.append(cg.element("legend", "", filter.title));
      function of(row) { return held.lists ? held.lists[row] : held.codes[row] < 0 ? [] : [held.codes[row]]; }
      for (var row = 0; row < table.n; row++) { of(row).forEach(function (code) { counts[code]++; }); }
      var order = held.words.map(function (_words, code) { return code; });
      order.sort(function (one, other) { return counts[other] - counts[one] || held.words[one].localeCompare(held.words[other], data.lang); });
      order.forEach(function (code) {
        var words = held.words[code];
        var label = cg.element("label"), box = cg.element("input");
        box.type = "checkbox";
        box.addEventListener("change", function () { chosen[code] = box.checked; apply(); });
        label.append(box, cg.element("span", "", words), cg.element("span", "cg-n", cg.number(counts[code], 0)));
        set.append(label);
      });
      wanted.push(function (row) {
        var any = Object.keys(chosen).some(function (code) { return chosen[code]; });
        return !any || of(row).some(function (code) { return chosen[code]; });
      });
      part.append(set);
      clear.addEventListener("click", function () { chosen = {}; });
    });
    clear.addEventListener("click", function () {
      [].forEach.call(part.querySelectorAll("input"), function (box) { box.checked = false; });
      apply();
    });
    function apply() {
      var count = 0;
      for (var row = 0; row < table.n; row++) {
        state.shown[row] = wanted.every(function (one) { return one(row); }) ? 1 : 0;
        count += state.shown[row];
      }
      status.textContent = count === table.n ? "" : cg.say(data, "shown", cg.number(count, 0), cg.number(table.n, 0));
      clear.hidden = count === table.n;
      cg.filtered(map);
    }
    clear.hidden = true;
    state.unfilter = function () { clear.click(); };
    part.prepend(status, clear);
    return part;
  }

  function list(map) {
    var state = map.clustergeo, data = state.data, part = cg.element("div", "cg-list");
    state.rows = {};
    cg.relist = function () {};
    data.tables.forEach(function (table, place) {
      if (!table.n) { return; }
      var made = listed(map, place);
      if (place === 0) { cg.relist = made.fill; made.fill(); part.append(made.note, made.whole); return; }
      // Of further layers the names are listed when they are asked for.
      var fold = cg.element("details"), head = cg.element("summary", "", cg.layerOf(data, place).name);
      head.append(" ", cg.element("span", "cg-n", cg.number(table.n, 0)));
      fold.append(head, made.note, made.whole);
      fold.addEventListener("toggle", function () { if (fold.open && !made.whole.tBodies[0].rows.length) { made.fill(); } });
      part.append(fold);
    });
    return part;
  }

  function listed(map, place) {
    var state = map.clustergeo, data = state.data, table = data.tables[place], note = cg.element("p", "cg-status");
    var whole = cg.element("table"), head = cg.element("tr"), body = cg.element("tbody");
    [cg.say(data, "name")].concat((table.list || []).map(function (one) { return one.term; })).forEach(function (term) {
      var cell = cg.element("th", "", term);
      cell.scope = "col";
      head.append(cell);
    });
    whole.append(cg.element("thead"), body);
    whole.tHead.append(head);
    function fill() {
      var shown = 0, all = 0, rows = {};
      body.replaceChildren();
      for (var row = 0; row < table.n; row++) {
        if (state.hidden(place, row)) { continue; }
        if (++all > MOST_ROWS) { continue; }
        shown++;
        body.append(rows[row] = line(map, place, row));
      }
      state.rows[place] = rows;
      note.textContent = all > shown ? cg.say(data, place ? "capped_search" : "capped", cg.number(shown, 0), cg.number(all, 0)) : "";
    }
    return { note: note, whole: whole, fill: fill };
  }

  function line(map, place, row) {
    var data = map.clustergeo.data, table = data.tables[place];
    var made = cg.element("tr"), name = cg.element("th"), button = cg.element("button", "", table.names[row]);
    var where = cg.where(data, place, row, true);
    name.scope = "row";
    button.type = "button";
    if (where) { button.append(cg.element("small", "", where)); }
    name.append(button);
    made.append(name);
    (table.list || []).forEach(function (column) { made.append(cell(data, table, column, row)); });
    made.addEventListener("mouseenter", function () { cg.light(map, place, row, true); });
    made.addEventListener("mouseleave", function () { cg.light(map, place, row, false); });
    button.addEventListener("focus", function () { cg.light(map, place, row, true); });
    button.addEventListener("blur", function () { cg.light(map, place, row, false); });
    made.addEventListener("click", function () { cg.visit(map, place, row); });
    return made;
  }

  function cell(data, table, column, row) {
    var made = cg.element("td");
    if (column.kind === "rdz") {
      var way = cg.way(table, row), badge = cg.badge(way);
      badge.setAttribute("aria-hidden", "true");
      made.append(badge, cg.element("span", "cg-said", way.words));
      made.title = way.words;
      return made;
    }
    var value = cg.value(table, column.column, row);
    if (column.kind === "capital") {
      made.className = value === null ? "cg-unsettled" : "";
      made.textContent = cg.say(data, value === null ? "undecided" : value ? "yes" : "no");
    } else {
      made.className = "cg-figure";
      made.textContent = value === null ? "–" : column.kind === "area" ? cg.area(value) : cg.number(value, 6);
    }
    return made;
  }
})(clustergeo);
