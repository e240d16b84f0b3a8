"""Names in /etc that programs and libraries read and that hold no secret. Pure.

The rest of /etc is about the machine (its name, users, network, services) or secret. The names are
those of Debian, Fedora and Alpine packages.
"""

from __future__ import annotations

_SYSTEM = """
    alternatives bash.bashrc bashrc crypto-policies default/locale environment gai.conf group
    host.conf hosts inputrc ld.so.cache ld.so.conf ld.so.conf.d ld-musl-aarch64.path
    ld-musl-x86_64.path locale.alias locale.conf localtime login.defs magic magic.mime
    mime.types networks nsswitch.conf passwd profile profile.d protocols services shells
    terminfo timezone alpine-release debian_version fedora-release lsb-release os-release
    redhat-release apache2/mime.types ca-certificates ca-certificates.conf pki/tls pki/ca-trust
    ssl/certs ssl/openssl.cnf xattr.conf
"""
_LIBRARIES = """
    alsa asound.conf dconf drirc egl fonts fltk glvnd gtk-2.0 gtk-3.0 gtk-4.0 ladspa libpaper.d
    libva.conf OpenCL openal openni2 pango papersize pulse sgml vdpau_wrapper.cfg vulkan X11
    xdg xml
"""
_PROGRAMS = """
    blender chromium chromium-browser chromium.d firefox firefox-esr ghostscript gimp gnuplotrc
    groff inkscape libreoffice lynx manpath.config matplotlibrc mplayer mpv octave.conf
    opt/chrome povray R texmf timidity vim wgetrc julia lua perl php python2.7 ruby
"""
_VERSIONS = (
    *(f"ImageMagick-{version}" for version in (6, 7)),
    *(f"java-{version}-openjdk" for version in (8, 11, 17, 21, 23, 24, 25)),
    *(f"python3.{version}" for version in range(8, 16)),
    "python3",
)
SETTINGS = (*_SYSTEM.split(), *_LIBRARIES.split(), *_PROGRAMS.split(), *_VERSIONS)
