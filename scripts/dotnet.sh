# shellcheck shell=bash
# Finds or installs the .NET SDK. Sets DOTNET, and PATH and DOTNET_ROOT for what starts .NET programs itself.

# No compiler or build server outlives a build, and no globalization library is needed for it.
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
export DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true DOTNET_GENERATE_ASPNET_CERTIFICATE=false
export DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

find_dotnet() {
    local candidate
    for candidate in "$(command -v dotnet || true)" "${DOTNET_ROOT:-}/dotnet" ~/.dotnet/dotnet /usr/share/dotnet/dotnet /usr/lib/dotnet/dotnet; do
        if [[ -x $candidate ]] && "$candidate" --list-sdks 2>/dev/null | grep '^10\.0\.' >/dev/null; then
            DOTNET=$(readlink -f "$candidate")
            export DOTNET_ROOT=${DOTNET%/dotnet}
            export PATH=$DOTNET_ROOT:$PATH
            return 0
        fi
    done
    return 1
}

require_dotnet() {
    find_dotnet && return
    if apt_finds dotnet-sdk-10.0; then
        apt_install dotnet-sdk-10.0
        find_dotnet && return
    fi
    fail "the .NET SDK 10.0 is missing and apt-get has no package dotnet-sdk-10.0. This installs it for your user, then start again:
    curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0"
}
