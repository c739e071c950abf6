/* The pages of the demo shop. Everything from the shop goes into text nodes and attributes, never into markup. */
(() => {
  "use strict";

  const byId = (id) => document.getElementById(id);
  const yuan = (fen) => `¥${(fen / 100).toFixed(fen % 100 ? 2 : 0)}`;
  const picture = (product_id) => `/demo/img/${encodeURIComponent(product_id)}.svg`;
  const productPage = (product_id) => `/p/${encodeURIComponent(product_id)}`;

  /** An element with attributes, listeners ("onclick") and children; strings become text nodes. */
  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") node.addEventListener(name.slice(2), value);
      else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat().filter((child) => child != null && child !== ""));
    return node;
  }

  async function ask(path, options) {
    const response = await fetch(path, options);
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.reason ?? "页面没有加载出来，请刷新重试");
    return answer;
  }

  function note(words) {
    byId("found").textContent = words;
  }

  function time(iso) {
    const form = { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false };
    return new Date(iso).toLocaleString("zh-CN", form);
  }

  /** Runs `act` with the chat, now or once it has loaded. */
  function withChat(act) {
    if (window.Liuxin) act(window.Liuxin);
    else document.addEventListener("liuxin:ready", () => act(window.Liuxin), { once: true });
  }

  function askAbout(page) {
    withChat((chat) => {
      chat.page(page);
      chat.open();
    });
  }

  // ---------------------------------------------------------------- the frame of every page

  async function showShop() {
    const shop = await ask("/demo/api/shop");
    byId("shop-name").textContent = shop.name;
    byId("terms").textContent = `满${yuan(shop.free_from_fen)}包邮 · ${shop.service_hours}`;
    document.title = `${document.title} - ${shop.name}`;
  }

  async function showBuyers() {
    const { buyers, chosen } = await ask("/demo/api/buyers");
    const select = byId("buyer");
    select.append(...buyers.map(({ id, description }) => el("option", { value: id }, description)));
    select.value = chosen ?? "";
    select.addEventListener("change", () => choose(select.value || null));
    return chosen;
  }

  async function choose(buyer_id) {
    const body = JSON.stringify({ buyer_id });
    await ask("/demo/api/buyer", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    location.reload();
  }

  // ---------------------------------------------------------------- all products

  async function showGrid() {
    const products = await ask("/demo/api/products");
    const wish = { category: new URLSearchParams(location.search).get("category") ?? "", words: "" };
    const show = () => fillGrid(products.filter((product) => fits(product, wish)));
    const choice = (category) => pick(wish, category, show);
    const categories = [...new Set(products.map((product) => product.category))];
    byId("categories").append(...["", ...categories].map(choice));
    byId("search").addEventListener("input", (event) => {
      wish.words = event.target.value.trim().toLowerCase();
      show();
    });
    markCategory(wish.category);
    show();
  }

  function pick(wish, category, show) {
    const choose = () => {
      wish.category = category;
      markCategory(category);
      show();
    };
    return el("button", { type: "button", value: category, onclick: choose }, category || "全部");
  }

  function markCategory(category) {
    for (const button of byId("categories").children) {
      button.setAttribute("aria-pressed", String(button.value === category));
    }
  }

  function fits(product, { category, words }) {
    if (category && product.category !== category) return false;
    const text = [product.name, product.short_name, product.brand, ...product.aliases].join(" ").toLowerCase();
    return words.split(/\s+/).every((word) => text.includes(word));
  }

  function fillGrid(products) {
    note(products.length ? `共 ${products.length} 件商品` : "没有找到，换个词试试，或者问问客服");
    byId("grid").replaceChildren(...products.map(tile));
  }

  function tile(product) {
    const sold = product.stock ? `近30天已售 ${product.sold}` : "暂时缺货";
    const words = el("div", { class: "words" }, el("span", { class: "name" }, product.name), price(product),
      el("span", { class: "sold" }, sold));
    const image = el("img", { src: picture(product.id), alt: "", loading: "lazy", width: 208, height: 208 });
    return el("li", {}, el("a", { href: productPage(product.id) }, image, words));
  }

  function price({ price_fen, list_price_fen }) {
    const was = list_price_fen > price_fen ? el("s", {}, el("span", { class: "unseen" }, "原价"), yuan(list_price_fen)) : "";
    return el("span", { class: "price" }, yuan(price_fen), was);
  }

  // ---------------------------------------------------------------- one product

  async function showProduct() {
    const id = location.pathname.split("/").pop();
    const product = await ask(`/demo/api/products/${encodeURIComponent(id)}`);
    withChat((chat) => chat.page({ product_id: id }));
    document.title = product.short_name;
    note("");
    byId("found").hidden = true;
    const article = byId("product");
    article.append(productHead(product), ...productSheets(product));
    article.hidden = false;
  }

  function productHead(product) {
    const cost = el("p", { class: "cost" });
    const stock = el("p", { class: "stock", role: "status" });
    const chosen = { ...(product.skus.find((sku) => sku.stock) ?? product.skus[0]).options };
    const show = () => showSku(product, chosen, cost, stock);
    const askButton = el("button", { type: "button", class: "ask", onclick: () => askAbout({ product_id: product.id }) }, "问客服");
    const words = el("div", {}, el("h1", {}, product.name), cost, optionChoices(product, chosen, show), stock, askButton,
      el("p", { class: "promises" }, promises(product)));
    show();
    return el("div", { class: "product" }, el("img", { src: picture(product.id), alt: product.short_name }), words);
  }

  function showSku(product, chosen, cost, stock) {
    const sku = product.skus.find(({ options }) => Object.keys(options).every((name) => options[name] === chosen[name]));
    const shown = sku ?? product;
    cost.replaceChildren(price({ price_fen: shown.price_fen, list_price_fen: product.list_price_fen }));
    stock.textContent = sku ? stockWords(sku) : "没有这个组合";
    stock.classList.toggle("none", !sku?.stock);
  }

  function stockWords({ stock, restock_on }) {
    if (stock > 20) return "有货";
    if (stock) return `仅剩 ${stock} 件`;
    return restock_on ? `缺货，预计 ${restock_on} 补货` : "缺货";
  }

  function optionChoices(product, chosen, show) {
    const names = Object.keys(product.skus[0].options);
    return names.map((name) => {
      const values = [...new Set(product.skus.map((sku) => sku.options[name]))];
      const row = el("div");
      const mark = () => [...row.children].forEach((one) => one.setAttribute("aria-pressed", String(one.value === chosen[name])));
      const take = (value) => () => {
        chosen[name] = value;
        mark();
        show();
      };
      row.append(...values.map((value) => el("button", { type: "button", value, onclick: take(value) }, value)));
      mark();
      return el("fieldset", { class: "options" }, el("legend", {}, name), row);
    });
  }

  function promises(product) {
    return [product.returnable_7_days ? "七天无理由退货" : "不支持七天无理由", product.warranty, product.installation]
      .filter(Boolean).join(" · ");
  }

  function productSheets(product) {
    const texts = [["包装清单", product.in_the_box.join("、")], ["使用方法", product.usage], ["洗护保养", product.care],
      ["资质证明", product.evidence.join("；")]];
    const sheets = texts.filter(([, text]) => text).map(([title, text]) => sheet(title, el("p", {}, text)));
    return [sheet("商品参数", attributes(product.attributes)), product.size_table && sheet("尺码表", sizes(product.size_table)),
      ...sheets].filter(Boolean);
  }

  function sheet(title, content) {
    return el("section", { class: "sheet" }, el("h2", {}, title), content);
  }

  function attributes(pairs) {
    return el("dl", { class: "attributes" }, pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  }

  function sizes({ columns, rows }) {
    const head = el("tr", {}, ["尺码", ...columns].map((name) => el("th", { scope: "col" }, name)));
    const body = rows.map(([size, ranges]) => el("tr", {}, el("th", { scope: "row" }, size),
      ranges.map(([low, high]) => el("td", {}, low === high ? `${low}` : `${low} - ${high}`))));
    const table = el("table", {}, el("thead", {}, head), el("tbody", {}, body));
    return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "尺码表" }, table);
  }

  // ---------------------------------------------------------------- the shopper's orders

  async function showOrders(chosen) {
    if (!chosen) return note("还没有登录：在页面最上方选择一个演示身份，就能看到他的订单。");
    const orders = await ask("/demo/api/orders");
    note(orders.length ? `最近 ${orders.length} 笔订单` : "还没有订单");
    byId("orders").append(...orders.map(orderCard));
  }

  function orderCard(order) {
    const head = el("div", { class: "head" }, el("span", {}, `${time(order.placed_at)} · 订单号 ${order.order_no}`),
      el("span", { class: "state" }, order.state));
    const askButton = el("button", { type: "button", class: "ask", onclick: () => askAbout({ order_no: order.order_no }) }, "问客服");
    const total = el("span", {}, "实付 ", el("span", { class: "price" }, yuan(order.total_fen)), refundWords(order.refund));
    const foot = el("div", { class: "foot" }, total, askButton);
    return el("li", { class: "order" }, head, order.items.map(orderItem), order.parcels.map(parcel), foot);
  }

  function orderItem(item) {
    const small = [item.spec, `×${item.quantity}`].filter(Boolean).join(" ");
    return el("a", { class: "item", href: productPage(item.product_id) },
      el("img", { src: picture(item.product_id), alt: "", loading: "lazy", width: 64, height: 64 }),
      el("span", {}, item.name, el("small", {}, small)), el("span", {}, yuan(item.price_fen)));
  }

  function parcel({ courier, waybill, state, newest }) {
    const last = newest ? el("small", {}, `${time(newest.at)} ${newest.text}`) : "";
    return el("div", { class: "trace" }, el("strong", {}, state), ` · ${courier} ${waybill}`, last);
  }

  function refundWords(refund) {
    return refund ? `（退款 ${yuan(refund.amount_fen)}：${refund.step}）` : "";
  }

  // ---------------------------------------------------------------- the start

  const SHOW = { grid: showGrid, product: showProduct, orders: showOrders };

  async function start() {
    const name = document.body.dataset.page;
    document.querySelector(`[data-nav="${name}"]`)?.setAttribute("aria-current", "page");
    document.querySelectorAll("[data-ask]").forEach((button) => button.addEventListener("click", () => withChat((chat) => chat.open())));
    const chosen = await showBuyers();
    await SHOW[name](chosen);
    await showShop();
  }

  start().catch((problem) => note(problem.message));
})();
