// <script src="…/embed.js" async></script>: puts the chat where the script stands, as one frame, in the language of the
// page (or data-lang). Its size is the page's to choose: iframe.yinju {…}.
{
  const script = document.currentScript;
  const frame = document.createElement("iframe");
  const language = script.dataset.lang ?? document.documentElement.lang;
  const url = new URL("./", script.src);
  if (language) url.searchParams.set("lang", language);
  frame.src = url.href;
  frame.title = "引据 Yinju";
  frame.className = "yinju";
  frame.allow = "clipboard-write";
  frame.width = "100%";
  frame.height = "640";
  frame.style.border = "0";
  script.after(frame);
}
