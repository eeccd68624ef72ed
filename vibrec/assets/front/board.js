// The part of a mood board that only a browser can do: pictures come in, are looked at large, and the keyboard
// stays inside the board. Chapter 08d0 explains it. No build step: the browser runs this file as it is.

const PART = 900_000        // bytes of one message; a Jupyter server takes at most 10 MB
const PATIENCE = 20_000     // milliseconds without an answer of the kernel, after which the page says so

// 1 · A picture becomes small before it travels

function hasClearPixels(pen, width, height) {
  const values = pen.getImageData(0, 0, width, height).data
  for (let at = 3; at < values.length; at += 4) if (values[at] < 255) return true
  return false
}

/** The file as it should travel: a picture of at most `side` pixels; null where the browser cannot read it. */
async function shrunk(file, side) {
  let bitmap
  try { bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }) } catch { return null }
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height))
  if (scale === 1 && file.size <= PART) { bitmap.close(); return file }
  const canvas = document.createElement("canvas")
  canvas.width = Math.max(1, Math.round(bitmap.width * scale))
  canvas.height = Math.max(1, Math.round(bitmap.height * scale))
  const pen = canvas.getContext("2d")
  pen.imageSmoothingQuality = "high"
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  bitmap.close()
  const mayBeClear = !/jpe?g/.test(file.type)
  const kind = mayBeClear && hasClearPixels(pen, canvas.width, canvas.height) ? "image/png" : "image/jpeg"
  return new Promise(done => canvas.toBlob(done, kind, 0.9))
}

// 2 · It travels in parts that no server refuses

/** Send one file. Resolves when its last part is on its way; rejects with a word for what is wrong with it. */
async function send(model, key, file) {
  const name = file.name || "pasted.png"
  const small = /\.zip$/i.test(name) ? null : await shrunk(file, model.get("side"))
  const blob = small ?? file
  if (blob.size > model.get("limit")) throw "large"
  const parts = Math.max(1, Math.ceil(blob.size / PART))
  for (let part = 0; part < parts; part++) {
    let bytes
    try { bytes = await blob.slice(part * PART, (part + 1) * PART).arrayBuffer() } catch { throw "unreadable" }
    model.send({ kind: "part", key, name, part, parts, size: blob.size }, undefined, [bytes])
    await new Promise(done => setTimeout(done))      // a turn for the page
  }
}

/** A function that takes a list of files, one after the other. One that fails keeps none of the others waiting. */
function makeTaker(model, say, signal) {
  let queue = Promise.resolve(), number = 0
  const waiting = new Map()
  const answered = message => {
    if (message.kind !== "received" || !waiting.has(message.key)) return
    clearTimeout(waiting.get(message.key))
    waiting.delete(message.key)
    if (!waiting.size) say("")
  }
  model.on("msg:custom", answered)
  signal.addEventListener("abort", () => {
    model.off("msg:custom", answered)
    waiting.forEach(clearTimeout)
  })
  const one = async (file, at, all) => {
    const key = `${Date.now()}-${Math.random()}-${number++}`
    say(`${at} of ${all}: ${file.name || "pasted picture"}`)
    const late = () => say("The kernel has not answered yet. It is busy, or it was restarted: then run the cell again.")
    try {
      waiting.set(key, setTimeout(late, PATIENCE))
      await send(model, key, file)
    } catch (why) {
      const known = why === "large" || why === "unreadable"
      if (!known) console.error("vibrec", why)
      model.send({ kind: "refused", key, name: file.name || "pasted picture", why: known ? why : "unreadable" })
    }
  }
  return files => {
    if (!files.length) return
    model.send({ kind: "begin", files: files.length })
    files.forEach((file, at) => { queue = queue.then(() => one(file, at + 1, files.length)) })
  }
}

// 3 · Dropped and pasted

/** The first web address in what was dropped or pasted, such as a picture of another page; "" where there is none. */
function addressIn(transfer, kind) {
  const lines = (transfer.getData(kind) || "").split(/\r?\n/)
  return lines.find(line => /^https?:\/\/\S+$/i.test(line.trim()))?.trim() ?? ""
}

/** Take files, or else fetch an address; false where there is neither. */
function takeFrom(transfer, kind, model, take) {
  const files = [...(transfer?.files ?? [])], address = transfer ? addressIn(transfer, kind) : ""
  if (files.length) take(files)
  else if (address) model.send({ kind: "address", address })
  return Boolean(files.length || address)
}

function listen(root, model, take, signal) {
  let depth = 0             // dragenter and dragleave come for every element inside
  let ours = false          // a picture of the board itself is dragged: it is here already
  const brings = transfer => !ours && [...(transfer?.types ?? [])].some(type => /^(Files|text\/uri-list)$/.test(type))
  const show = wanted => root.classList.toggle("vb-drop", wanted)
  const on = (name, react) => root.addEventListener(name, react, { signal })
  on("dragstart", () => { ours = true })
  on("dragend", () => { ours = false })
  on("dragenter", event => { if (brings(event.dataTransfer)) { depth++; show(true) } })
  on("dragleave", event => { if (brings(event.dataTransfer) && --depth <= 0) { depth = 0; show(false) } })
  on("dragover", event => {
    if (!brings(event.dataTransfer)) return
    event.preventDefault()
    event.stopPropagation()
    event.dataTransfer.dropEffect = "copy"
  })
  on("drop", event => {
    if (!brings(event.dataTransfer)) return
    event.preventDefault()
    event.stopPropagation()
    depth = 0
    show(false)
    takeFrom(event.dataTransfer, "text/uri-list", model, take)
  })
  on("paste", event => {
    const writing = event.target.closest?.("input,textarea,[contenteditable]")
    if (writing && !event.clipboardData?.files.length) return      // text goes where the cursor is
    if (!takeFrom(event.clipboardData, "text/plain", model, take)) return
    event.preventDefault()
    event.stopPropagation()
  })
}

// 4 · The keyboard, and names for screen readers

function keepKeys(root, signal) {
  root.tabIndex = -1                                 // a click on the board gives it the focus: paste reaches it
  root.setAttribute("role", "group")
  root.setAttribute("aria-label", "Mood board")
  const suppress = event => {                        // before JupyterLab looks at the key; Ctrl+S still saves
    if (!root.contains(event.target)) return
    const saves = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s"
    for (const node of [root, event.target]) {       // a selector such as `:focus` stops at the target itself
      if (saves) node.removeAttribute("data-lm-suppress-shortcuts")
      else node.setAttribute("data-lm-suppress-shortcuts", "true")
    }
  }
  root.setAttribute("data-lm-suppress-shortcuts", "true")
  window.addEventListener("keydown", suppress, { capture: true, signal })
  root.addEventListener("keydown", event => {
    if (root.hasAttribute("data-lm-suppress-shortcuts")) event.stopPropagation()
  }, { signal })
}

const set = (node, name, value) => { if (node.getAttribute(name) !== value) node.setAttribute(name, value) }

/** The tooltip of a button, after what is written on it where it does not say that itself. */
function nameOf(button, title) {
  const text = button.textContent.trim()
  return !text || title.toLowerCase().includes(text.toLowerCase()) ? title : `${text}: ${title}`
}

/** What a tooltip says of a control is its name; a button that stays pressed says so. */
function label(root) {
  for (const node of root.querySelectorAll("[title]")) {
    const title = node.getAttribute("title")
    if (!title) continue
    if (node.matches("button")) { set(node, "aria-label", nameOf(node, title)); continue }
    if (node.matches("input,select")) { set(node, "aria-label", title); continue }
    const around = node.matches("label,.widget-label") ? node.parentElement : node
    if (!around.matches(".widget-inline-hbox,.widget-hslider,.widget-text,.widget-dropdown")) continue
    for (const inner of around.querySelectorAll("input,select,[role=slider]")) set(inner, "aria-label", title)
  }
  for (const button of root.querySelectorAll(".widget-toggle-button")) {
    set(button, "aria-pressed", String(button.classList.contains("mod-active")))
  }
  for (const button of root.querySelectorAll(".vb-fold")) {
    const folded = button.parentElement.querySelector(".vb-filters")
    set(button, "aria-expanded", String(Boolean(folded?.offsetParent)))
  }
  for (const button of root.querySelectorAll(":is(.vb-card,.vb-look) button:is(.vb-on,[aria-pressed])")) {
    set(button, "aria-pressed", String(button.classList.contains("vb-on")))
  }
}

function keepLabels(root, signal) {
  let planned = false
  const plan = () => {
    if (planned) return
    planned = true
    setTimeout(() => { planned = false; label(root) }, 30)
  }
  const observer = new MutationObserver(plan)
  observer.observe(root, { subtree: true, childList: true, attributes: true, attributeFilter: ["title", "class"] })
  signal.addEventListener("abort", () => observer.disconnect())
  plan()
}

// 5 · A picture large

function make(tag, css, text = "") {
  const node = document.createElement(tag)
  node.className = css
  node.textContent = text                            // never innerHTML: names come from outside
  return node
}

function enlarge(root, model, signal) {
  const dialog = make("dialog", "vb-large"), picture = make("img", ""), words = make("p", "vb-quiet")
  const close = make("button", "vb-close", "×")
  close.type = "button"
  close.setAttribute("aria-label", "Close")
  dialog.append(close, picture, words)
  root.append(dialog)
  let what = null, address = null
  const forget = () => { if (address) URL.revokeObjectURL(address); what = address = null }
  const show = message => {
    const button = message.target.closest?.(".vb-zoom")
    if (!button || !root.contains(button)) return
    const small = button.querySelector("img")
    forget()
    what = button.dataset.what
    picture.src = small.src
    picture.alt = words.textContent = small.alt
    dialog.setAttribute("aria-label", small.alt)
    dialog.showModal()
    model.send({ kind: "enlarge", what })
  }
  const sharper = (message, buffers) => {
    if (message.kind !== "large" || message.what !== what || !dialog.open) return
    if (address) URL.revokeObjectURL(address)
    address = URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" }))
    picture.src = address
  }
  root.addEventListener("click", show, { signal })
  dialog.addEventListener("click", event => { if (event.target !== picture) dialog.close() })
  dialog.addEventListener("close", forget)
  model.on("msg:custom", sharper)
  signal.addEventListener("abort", () => { model.off("msg:custom", sharper); dialog.remove() })
}

// 6 · The upload button, and the board around it

async function boardAround(node, signal) {
  while (!signal.aborted) {
    const root = node.closest(".vb")
    if (root) return root
    await new Promise(done => setTimeout(done, 50))  // the board is put on the page after its parts are drawn
  }
}

function render({ model, el }) {
  const ending = new AbortController(), { signal } = ending
  const button = make("button", "vb-choose", model.get("label")), chooser = make("input", "vb-chooser")
  const hint = make("div", "vb-quiet vb-hint", model.get("hint")), status = make("div", "vb-quiet")
  button.type = "button"
  button.title = model.get("purpose")
  Object.assign(chooser, { type: "file", multiple: true, accept: model.get("accept"), tabIndex: -1 })
  chooser.setAttribute("aria-hidden", "true")
  status.setAttribute("role", "status")
  el.append(button, chooser, hint, status)
  const take = makeTaker(model, text => { status.textContent = text }, signal)
  button.addEventListener("click", () => chooser.click())
  chooser.addEventListener("change", () => {
    const files = [...chooser.files]
    chooser.value = ""                               // the same file can be chosen again
    take(files)
  })
  boardAround(el, signal).then(root => {
    if (!root) return
    listen(root, model, take, signal)
    keepKeys(root, signal)
    keepLabels(root, signal)
    enlarge(root, model, signal)
  })
  return () => ending.abort()
}

export default { render }
