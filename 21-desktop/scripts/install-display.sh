#!/bin/sh
# What the windows of this module need on Debian and Ubuntu: a virtual screen, the libraries that
# Qt's X11 plugin loads, software OpenGL for Kivy and Dear PyGui, a session bus for notifications.
set -eu
apt-get update
apt-get install -y \
  xvfb libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxkbcommon-x11-0 \
  libegl1 libgl1-mesa-dri dbus
