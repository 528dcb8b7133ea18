"""Windows for the person, by tkinter, in a process of their own: ``python -m farhand.host.platform.portable.window``.

``ask`` reads a question as one line of JSON and prints an Answer's value. ``bar`` reads a line of text whenever what
it shall show changes (an empty one hides it) and prints ``end`` at a click. Both end with their standard input.
"""

import json
import sys
import threading
import tkinter
from collections.abc import Callable
from tkinter import font
from typing import Any

from farhand.host.platform.base import Answer, Question
from farhand.host.platform.words import harmless, lasting, name_of, offers_view, silence_note, wishes

#: Milliseconds in which nothing can accept, after the window appears.
_SETTLING = 500
_BAR_HEIGHT = 24


def ask(asked: dict[str, Any], answered: Callable[[str], None]) -> None:
    """Show the question until it is answered; then call ``answered`` with an Answer's value."""
    question = Question(**{**asked, "capabilities": tuple(asked["capabilities"]), "silence": Answer(asked["silence"])})
    window = tkinter.Tk()
    window.title("Farhand: a caller asks")
    window.configure(padx=24, pady=20)
    window.attributes("-topmost", True)
    capabilities = question.capabilities
    settled = False
    left = question.seconds

    def answer(value: str) -> None:
        if value == "no" or settled:
            answered(value)
            window.destroy()

    bold = font.nametofont("TkDefaultFont").copy()
    bold.configure(weight="bold", size=13)
    does = "see and control" if "control" in capabilities else "see"
    tkinter.Label(window, text=f"Somebody asks to {does} this computer", font=bold).pack(anchor="w")
    known = f"known to your organisation, on {harmless(question.device) or 'a device without a name'}"
    for line in (
        f"{name_of(question.account)} ({known})"
        if question.account
        else f"“{name_of(question.caller)}” (their own word, not verified)",
        f"From {harmless(question.address)}",
        f"Reason: {harmless(question.reason, 200)}" if question.reason else "",
        f"If you allow it, {f'for {lasting(question.span)} ' if question.span else ''}they can:",
        *(f"  • {wish}" for wish in wishes(capabilities)),
    ):
        tkinter.Label(window, text=line).pack(anchor="w")
    countdown = tkinter.Label(window)
    countdown.pack(anchor="w", pady=(12, 12))
    buttons = tkinter.Frame(window)
    buttons.pack(fill="x")
    refuse = tkinter.Button(buttons, text="Refuse", command=lambda: answer("no"))
    refuse.pack(side="left")
    tkinter.Button(buttons, text="Allow", command=lambda: answer("yes")).pack(side="right")
    if offers_view(question):
        tkinter.Button(buttons, text="View only", command=lambda: answer("view-only")).pack(side="right", padx=8)
    refuse.focus_set()
    window.bind("<Escape>", lambda _: answer("no"))
    window.protocol("WM_DELETE_WINDOW", lambda: answer("no"))

    def settle() -> None:
        nonlocal settled
        settled = True

    def tick() -> None:
        nonlocal left
        countdown.configure(text=silence_note(question, left))
        if left <= 0:
            answered("silence")
            window.destroy()
            return
        left -= 1
        window.after(1000, tick)

    window.after(_SETTLING, settle)
    tick()
    window.mainloop()


def bar(end: Callable[[], None]) -> None:
    """Show the lines of standard input in a bar at the lower edge of the screen, until it ends."""
    window = tkinter.Tk()
    window.withdraw()
    window.overrideredirect(True)
    window.attributes("-topmost", True)
    window.configure(background="#1c2128")
    text = tkinter.Label(window, background="#1c2128", foreground="#e6edf3", anchor="w", padx=12)
    text.pack(side="left", fill="both", expand=True)
    style = {"background": "#b62324", "foreground": "#ffffff", "bd": 0, "padx": 16, "pady": 0, "highlightthickness": 0}
    tkinter.Button(window, text="End", command=end, **style).pack(side="right", padx=4, pady=2)  # type: ignore[arg-type]  # typeshed wants each option by name

    def show(line: str) -> None:
        if not line:
            window.withdraw()
            return
        text.configure(text=f"●  {line}")
        width, height = window.winfo_screenwidth(), window.winfo_screenheight()
        window.geometry(f"{width}x{_BAR_HEIGHT}+0+{height - _BAR_HEIGHT}")
        window.deiconify()
        window.lift()

    lines: list[str] = []

    def read() -> None:
        for line in sys.stdin:
            lines.append(line.rstrip("\n"))
            window.event_generate("<<Line>>", when="tail")
        window.event_generate("<<Over>>", when="tail")

    window.bind("<<Line>>", lambda _: show(lines[-1]))
    window.bind("<<Over>>", lambda _: window.destroy())
    window.update_idletasks()  # events reach a window only once it exists
    window.after(0, threading.Thread(target=read, daemon=True).start)
    window.mainloop()


def _say(word: str) -> None:
    print(word, flush=True)


def main() -> None:
    """Run the window that the first argument names."""
    if sys.argv[1:] == ["bar"]:
        bar(lambda: _say("end"))
    else:
        ask(json.loads(sys.stdin.readline()), _say)


if __name__ == "__main__":
    main()
