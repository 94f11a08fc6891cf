#!/bin/sh
# Prints a hash over all that the managed side takes for granted about the shim: the functions it exports, the layout of
# an argument, the schemas of the operators of our own. It is compiled into both sides, which must agree.
cd "$(dirname "$0")" || exit 1
LC_ALL=C
export LC_ALL
{
  sed -n '/^RK_API/,/[{;]/p' *.cpp | sed 's/{.*//'
  sed -n '/^enum Tag/,/^}/p; /^struct Value/,/^}/p' call.cpp
  sed -n '/m\.def(/,/;/p' *.cpp
} | tr -d ' \n' | sha256sum | cut -c1-16
