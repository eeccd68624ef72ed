// The search of the book. Its index is a script too, so that it loads from a file as well as from a server, on first use.
// `window.Fuse` is the name under which the pages look for a search engine.
window.loadBookIndex = (offset) => window.bookEntries || (window.bookEntries = new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = offset + "site_libs/search/index.js";
  script.onload = () => resolve(window.bookIndex.map(([href, title, section, text]) => ({ href, title, section, text })));
  script.onerror = () => reject(new Error("no search index"));
  document.head.append(script);
}));

window.Fuse = class {
  constructor(entries) {
    this.entries = entries.map((item) => ({
      item, title: item.title.toLowerCase(), section: (item.section || "").toLowerCase(), text: item.text.toLowerCase(),
    }));
  }

  // Sections in which every word occurs: names first, then headings, titles of pages, text.
  search(query, { limit = 20 } = {}) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean), hits = [];
    for (const entry of this.entries) {
      let score = 0;
      const found = words.every((word) => {
        const name = entry.section.split(".").pop();
        const gain = (entry.section === word || name === word ? 16 : entry.section.includes(word) ? 6 : 0)
          + (entry.title.includes(word) ? (entry.section ? 2 : 8) : 0)
          + Math.min(entry.text.split(word).length - 1, 3);
        score += gain;
        return gain > 0;
      });
      if (found) hits.push({ item: entry.item, score });
    }
    return hits.sort((a, b) => b.score - a.score).slice(0, limit);
  }
};
