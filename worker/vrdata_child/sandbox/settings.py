"""Names in /etc that programs and libraries read and that hold no secret. Pure.

The rest of /etc is about the machine (its name, users, network, services) or secret. The names are
those of Debian, Fedora and Alpine packages.
"""

from __future__ import annotations

_SYSTEM = (
    *("alpine-release", "alternatives", "apache2/mime.types", "bash.bashrc", "bashrc"),
    *("ca-certificates", "ca-certificates.conf", "crypto-policies", "debian_version"),
    *("default/locale", "environment", "fedora-release", "gai.conf", "group", "host.conf"),
    *("hosts", "inputrc", "ld-musl-aarch64.path", "ld-musl-x86_64.path", "ld.so.cache"),
    *("ld.so.conf", "ld.so.conf.d", "locale.alias", "locale.conf", "localtime", "login.defs"),
    *("lsb-release", "magic", "magic.mime", "mime.types", "networks", "nsswitch.conf"),
    *("os-release", "passwd", "pki/ca-trust", "pki/tls", "profile", "profile.d", "protocols"),
    *("redhat-release", "services", "shells", "ssl/certs", "ssl/openssl.cnf", "terminfo"),
    *("timezone", "xattr.conf"),
)
_LIBRARIES = (
    *("alsa", "asound.conf", "dconf", "drirc", "egl", "fltk", "fonts", "glvnd", "gtk-2.0"),
    *("gtk-3.0", "gtk-4.0", "ladspa", "libpaper.d", "libva.conf", "openal", "OpenCL"),
    *("openni2", "pango", "papersize", "pulse", "sgml", "vdpau_wrapper.cfg", "vulkan", "X11"),
    *("xdg", "xml"),
)
_PROGRAMS = (
    *("blender", "chromium", "chromium-browser", "chromium.d", "firefox", "firefox-esr"),
    *("ghostscript", "gimp", "gnuplotrc", "groff", "inkscape", "julia", "libreoffice", "lua"),
    *("lynx", "manpath.config", "matplotlibrc", "mplayer", "mpv", "octave.conf", "opt/chrome"),
    *("perl", "php", "povray", "python2.7", "R", "ruby", "texmf", "timidity", "vim", "wgetrc"),
)
_VERSIONS = (
    *(f"ImageMagick-{version}" for version in (6, 7)),
    *(f"java-{version}-openjdk" for version in (8, 11, 17, 21, 23, 24, 25)),
    *(f"python3.{version}" for version in range(8, 16)),
    "python3",
)
SETTINGS = (*_SYSTEM, *_LIBRARIES, *_PROGRAMS, *_VERSIONS)
